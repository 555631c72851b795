package drover.linux.syscall;

/// fcntl(2) with F_DUPFD_CLOEXEC.
public final class Duplicate {
    private static final int F_DUPFD_CLOEXEC = 1030;

    private Duplicate() {}

    /// Another descriptor of the same open file, closed at an exec. Returns it, or the negated errno.
    public static int of(int descriptor) {
        return (int) RawSyscall.call(72, descriptor, F_DUPFD_CLOEXEC, 0);
    }
}
