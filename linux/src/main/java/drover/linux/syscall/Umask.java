package drover.linux.syscall;

/// umask(2). Belongs to the process, or to a thread that has unshared it: [Unshare#fileSystemAttributes()].
public final class Umask {
    private Umask() {}

    /// Sets the mask and returns the former one.
    public static int umask(int mask) {
        return (int) RawSyscall.call(95, mask);
    }
}
