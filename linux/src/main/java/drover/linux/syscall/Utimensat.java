package drover.linux.syscall;

/// utimensat(2).
public final class Utimensat {
    public static final int UTIME_NOW = 0x3fffffff;
    public static final int UTIME_OMIT = 0x3ffffffe;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final byte[] NOTHING = {};

    private Utimensat() {}

    /// Of the file behind a descriptor, also a symbolic link's own (Linux 5.8 and later).
    public static int ofDescriptor(
            int descriptor, long accessSeconds, int accessNanos, long modifySeconds, int modifyNanos) {
        Scratch scratch = Scratch.own();
        scratch.value()
                .putLong(accessSeconds)
                .putLong(accessNanos)
                .putLong(modifySeconds)
                .putLong(modifyNanos);
        return (int) RawSyscall.call(
                280, descriptor, scratch.name(NOTHING), scratch.valueAddress(), AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
    }
}
