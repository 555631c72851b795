package drover.linux.syscall;

/// eventfd(2).
public final class Eventfd {
    private static final int EFD_NONBLOCK = 0x800;
    private static final int EFD_CLOEXEC = 0x80000;

    private Eventfd() {}

    /// Returns the descriptor or the negated errno.
    public static int create() {
        return (int) RawSyscall.call(290, 0, EFD_NONBLOCK | EFD_CLOEXEC);
    }
}
