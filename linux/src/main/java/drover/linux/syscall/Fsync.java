package drover.linux.syscall;

/// fsync(2), fdatasync(2), syncfs(2).
public final class Fsync {
    private Fsync() {}

    public static int fsync(int descriptor) {
        return (int) RawSyscall.call(74, descriptor);
    }

    public static int fdatasync(int descriptor) {
        return (int) RawSyscall.call(75, descriptor);
    }

    public static int syncfs(int descriptor) {
        return (int) RawSyscall.call(306, descriptor);
    }
}
