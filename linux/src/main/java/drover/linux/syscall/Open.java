package drover.linux.syscall;

/// open(2), openat(2).
public final class Open {
    public static final int AT_FDCWD = -100;
    public static final int O_RDONLY = 0;
    public static final int O_WRONLY = 1;
    public static final int O_RDWR = 2;
    public static final int O_ACCMODE = 3;
    /// Given by the kernel with the open of an exec; no flag of open(2) itself.
    public static final int FMODE_EXEC = 0x20;
    public static final int O_CREAT = 0x40;
    public static final int O_EXCL = 0x80;
    public static final int O_NOCTTY = 0x100;
    public static final int O_TRUNC = 0x200;
    public static final int O_APPEND = 0x400;
    public static final int O_NONBLOCK = 0x800;
    public static final int O_DSYNC = 0x1000;
    public static final int O_DIRECT = 0x4000;
    public static final int O_DIRECTORY = 0x10000;
    public static final int O_NOFOLLOW = 0x20000;
    public static final int O_NOATIME = 0x40000;
    public static final int O_CLOEXEC = 0x80000;
    public static final int O_SYNC = 0x101000;
    public static final int O_PATH = 0x200000;
    public static final int O_TMPFILE = 0x410000;

    private static final long RESOLVE_NO_SYMLINKS = 0x04;
    private static final long RESOLVE_BENEATH = 0x08;

    private Open() {}

    /// Returns the descriptor or the negated errno. The name is relative to the directory descriptor.
    public static int openat(int directory, byte[] name, int flags, int mode) {
        long address = Scratch.own().name(name);
        if (address < 0) return -Errno.ENAMETOOLONG;
        return (int) RawSyscall.call(257, directory, address, flags, mode);
    }

    /// The same without leaving the directory, and without a symbolic link on the way or at the end (openat2(2)).
    public static int beneath(int directory, byte[] name, int flags) {
        Scratch scratch = Scratch.own();
        long address = scratch.name(name);
        if (address < 0) return -Errno.ENAMETOOLONG;
        scratch.value().putLong(0, flags).putLong(8, 0).putLong(16, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
        return (int) RawSyscall.call(437, directory, address, scratch.valueAddress(), 24);
    }
}
