package drover.linux.syscall;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/// read(2), pread(2).
public final class Read {
    private Read() {}

    /// Reads into the direct buffer from its position up to its limit; moves neither. Returns the bytes read or the
    /// negated errno.
    public static int read(int descriptor, ByteBuffer direct) {
        try {
            return (int) RawSyscall.call(0, descriptor, NativeMemory.addressOf(direct), direct.remaining());
        } finally {
            Reference.reachabilityFence(direct);
        }
    }

    /// The same at an offset of the file.
    public static int pread(int descriptor, ByteBuffer direct, long offset) {
        try {
            return (int) RawSyscall.call(17, descriptor, NativeMemory.addressOf(direct), direct.remaining(), offset);
        } finally {
            Reference.reachabilityFence(direct);
        }
    }
}
