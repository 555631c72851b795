package drover.linux.syscall;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/// getdents64(2).
public final class Getdents {
    /// Offsets in one `struct linux_dirent64`.
    public static final int INODE = 0;

    public static final int NEXT_OFFSET = 8;
    public static final int RECORD_BYTES = 16;
    public static final int TYPE = 18;
    public static final int NAME = 19;

    private Getdents() {}

    /// Fills the direct buffer from its position with records. Returns the bytes filled, 0 at the end, or the
    /// negated errno.
    public static int getdents64(int descriptor, ByteBuffer direct) {
        try {
            return (int) RawSyscall.call(217, descriptor, NativeMemory.addressOf(direct), direct.remaining());
        } finally {
            Reference.reachabilityFence(direct);
        }
    }
}
