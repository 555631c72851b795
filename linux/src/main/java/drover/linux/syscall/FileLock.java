package drover.linux.syscall;

import java.nio.ByteBuffer;

/// fcntl_locking(2): locks of an open file description. They conflict with the traditional ones of other processes.
///
/// @param type [#F_RDLCK], [#F_WRLCK] or [#F_UNLCK]
/// @param length 0: to the end of the file, however long it grows
public record FileLock(int type, long start, long length, int pid) {
    public static final int F_RDLCK = 0;
    public static final int F_WRLCK = 1;
    public static final int F_UNLCK = 2;
    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;

    /// Of the first lock that is in the way, or the errno.
    public sealed interface Result {
        record Found(FileLock lock) implements Result {}

        record Failed(int errno) implements Result {}
    }

    /// Takes or releases the lock; -EAGAIN if another is in the way.
    public int set(int descriptor) {
        Scratch scratch = Scratch.own();
        put(scratch.value());
        return (int) RawSyscall.call(72, descriptor, F_OFD_SETLK, scratch.valueAddress());
    }

    /// The lock that would be in the way; its type is [#F_UNLCK] if there is none.
    public Result inTheWay(int descriptor) {
        Scratch scratch = Scratch.own();
        put(scratch.value());
        long result = RawSyscall.call(72, descriptor, F_OFD_GETLK, scratch.valueAddress());
        if (result < 0) return new Result.Failed((int) -result);
        ByteBuffer b = scratch.value();
        return new Result.Found(new FileLock(b.getShort(0), b.getLong(8), b.getLong(16), b.getInt(24)));
    }

    private void put(ByteBuffer b) {
        // struct flock of 64 bit: type, whence (SEEK_SET), start, length, pid (must be 0 for these locks)
        b.putShort(0, (short) type)
                .putShort(2, (short) 0)
                .putLong(8, start)
                .putLong(16, length)
                .putInt(24, 0);
    }
}
