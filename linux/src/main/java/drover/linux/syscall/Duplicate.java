package drover.linux.syscall;

/// More descriptors of an open file.
public final class Duplicate {
    private static final int F_DUPFD_CLOEXEC = 1030;

    private Duplicate() {}

    /// Another descriptor, closed at an exec (fcntl(2), F_DUPFD_CLOEXEC). Returns it, or the negated errno.
    public static int of(int descriptor) {
        return (int) RawSyscall.call(72, descriptor, F_DUPFD_CLOEXEC, 0);
    }

    /// The same in place of another descriptor, whose file is closed (dup3(2)). Who uses that meanwhile, uses one or
    /// the other. Returns it, or the negated errno.
    public static int onto(int descriptor, int other) {
        return (int) RawSyscall.call(292, descriptor, other, Open.O_CLOEXEC);
    }
}
