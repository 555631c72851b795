package drover.linux.syscall;

/// close(2).
public final class Close {
    private Close() {}

    /// Returns 0 or the negated errno. The descriptor is gone either way.
    public static int close(int descriptor) {
        return (int) RawSyscall.call(3, descriptor);
    }
}
