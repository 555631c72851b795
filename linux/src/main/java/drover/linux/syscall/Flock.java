package drover.linux.syscall;

/// flock(2).
public final class Flock {
    public static final int LOCK_SH = 1;
    public static final int LOCK_EX = 2;
    public static final int LOCK_NB = 4;
    public static final int LOCK_UN = 8;

    private Flock() {}

    public static int flock(int descriptor, int operation) {
        return (int) RawSyscall.call(73, descriptor, operation);
    }
}
