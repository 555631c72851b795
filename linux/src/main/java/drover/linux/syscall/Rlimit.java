package drover.linux.syscall;

/// getrlimit(2), setrlimit(2).
public final class Rlimit {
    public static final int NOFILE = 7;

    private Rlimit() {}

    /// Raises the soft limit to the hard one, and returns it; the negated errno if it cannot be read.
    public static long raise(int resource) {
        Scratch scratch = Scratch.own();
        long result = RawSyscall.call(302, 0, resource, 0, scratch.valueAddress());
        if (result < 0) return result;
        long soft = scratch.value().getLong(0);
        long hard = scratch.value().getLong(8);
        if (soft == hard) return hard;
        scratch.value().putLong(0, hard);
        return RawSyscall.call(302, 0, resource, scratch.valueAddress(), 0) < 0 ? soft : hard;
    }
}
