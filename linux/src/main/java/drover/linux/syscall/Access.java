package drover.linux.syscall;

/// faccessat2(2).
public final class Access {
    public static final int X_OK = 1;
    private static final int AT_EACCESS = 0x200;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final byte[] NOTHING = {};

    private Access() {}

    /// Whether the calling thread's ids in force may do this with the file behind a descriptor. Returns 0 or the
    /// negated errno.
    public static int ofDescriptor(int descriptor, int mask) {
        return (int) RawSyscall.call(439, descriptor, Scratch.own().name(NOTHING), mask, AT_EACCESS | AT_EMPTY_PATH);
    }
}
