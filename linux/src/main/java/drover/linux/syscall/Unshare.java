package drover.linux.syscall;

/// unshare(2).
public final class Unshare {
    private static final int CLONE_FS = 0x200;

    private Unshare() {}

    /// Gives the calling thread its own umask, root and working directory.
    public static int fileSystemAttributes() {
        return (int) RawSyscall.call(272, CLONE_FS);
    }
}
