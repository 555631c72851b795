package drover.linux.syscall;

/// Page faults that a process answers for another (userfaultfd(2)).
public final class Userfaultfd {
    private Userfaultfd() {}

    /// Whether this process may have them: a kernel can be built without, and a container can forbid them.
    public static boolean isAvailable() {
        int descriptor = (int) RawSyscall.call(323, Open.O_CLOEXEC, 0, 0);
        if (descriptor < 0) return false;
        Close.close(descriptor);
        return true;
    }
}
