package drover.linux.syscall;

import java.nio.ByteBuffer;

/// fstatfs(2).
public final class Statfs {
    private Statfs() {}

    /// Of the file system, or the errno.
    public sealed interface Result {
        record Found(
                long magic,
                long blockBytes,
                long blocks,
                long freeBlocks,
                long availableBlocks,
                long files,
                long freeFiles,
                long fileSystemId,
                int nameBytes,
                int fragmentBytes)
                implements Result {}

        record Failed(int errno) implements Result {}
    }

    public static Result ofDescriptor(int descriptor) {
        Scratch scratch = Scratch.own();
        long result = RawSyscall.call(138, descriptor, scratch.valueAddress());
        if (result < 0) return new Result.Failed((int) -result);
        ByteBuffer b = scratch.value();
        return new Result.Found(
                b.getLong(0),
                b.getLong(8),
                b.getLong(16),
                b.getLong(24),
                b.getLong(32),
                b.getLong(40),
                b.getLong(48),
                b.getLong(56),
                (int) b.getLong(64),
                (int) b.getLong(72));
    }
}
