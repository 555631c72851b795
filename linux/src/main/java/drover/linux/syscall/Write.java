package drover.linux.syscall;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/// write(2), pwrite(2), writev(2).
public final class Write {
    private Write() {}

    /// Writes the direct buffer from its position up to its limit; moves neither. Returns the bytes written or the
    /// negated errno.
    public static int write(int descriptor, ByteBuffer direct) {
        try {
            return (int) RawSyscall.call(1, descriptor, NativeMemory.addressOf(direct), direct.remaining());
        } finally {
            Reference.reachabilityFence(direct);
        }
    }

    /// The same at an offset of the file.
    public static int pwrite(int descriptor, ByteBuffer direct, long offset) {
        try {
            return (int) RawSyscall.call(18, descriptor, NativeMemory.addressOf(direct), direct.remaining(), offset);
        } finally {
            Reference.reachabilityFence(direct);
        }
    }

    /// Writes two direct buffers in one call, as /dev/fuse wants a header and its data.
    public static int writev(int descriptor, ByteBuffer head, ByteBuffer tail) {
        Scratch scratch = Scratch.own();
        scratch.value()
                .putLong(NativeMemory.addressOf(head))
                .putLong(head.remaining())
                .putLong(NativeMemory.addressOf(tail))
                .putLong(tail.remaining());
        try {
            return (int) RawSyscall.call(20, descriptor, scratch.valueAddress(), 2);
        } finally {
            Reference.reachabilityFence(head);
            Reference.reachabilityFence(tail);
        }
    }
}
