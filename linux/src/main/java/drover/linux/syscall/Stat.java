package drover.linux.syscall;

import java.nio.ByteBuffer;

/// statx(2).
public final class Stat {
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_NO_AUTOMOUNT = 0x800;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_BASIC_AND_BIRTH = 0xfff;
    private static final byte[] NOTHING = {};

    private Stat() {}

    /// The status, or the errno.
    public sealed interface Result {
        record Found(FileStatus status) implements Result {}

        record Failed(int errno) implements Result {}
    }

    /// Of the file behind a descriptor, which may be an `O_PATH` one.
    public static Result ofDescriptor(int descriptor) {
        return statx(descriptor, NOTHING, AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW);
    }

    /// Of a name in a directory; a symbolic link is not followed.
    public static Result ofName(int directory, byte[] name) {
        return statx(directory, name, AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW);
    }

    private static Result statx(int directory, byte[] name, int flags) {
        Scratch scratch = Scratch.own();
        long address = scratch.name(name);
        if (address < 0) return new Result.Failed(Errno.ENAMETOOLONG);
        long result = RawSyscall.call(332, directory, address, flags, STATX_BASIC_AND_BIRTH, scratch.valueAddress());
        if (result < 0) return new Result.Failed((int) -result);
        ByteBuffer b = scratch.value();
        return new Result.Found(new FileStatus(
                makedev(b.getInt(136), b.getInt(140)),
                b.getLong(32),
                Short.toUnsignedInt(b.getShort(28)),
                b.getInt(16),
                b.getInt(20),
                b.getInt(24),
                makedev(b.getInt(128), b.getInt(132)),
                b.getLong(40),
                b.getLong(48),
                b.getInt(4),
                b.getLong(64),
                b.getInt(72),
                b.getLong(112),
                b.getInt(120),
                b.getLong(96),
                b.getInt(104),
                b.getLong(80),
                b.getInt(88)));
    }

    private static long makedev(int major, int minor) {
        return (minor & 0xffL) | ((major & 0xfffL) << 8) | ((minor & 0xffff_ff00L) << 12);
    }
}
