package drover.linux.syscall;

/// fallocate(2).
public final class Fallocate {
    private Fallocate() {}

    public static int fallocate(int descriptor, int mode, long offset, long length) {
        return (int) RawSyscall.call(285, descriptor, mode, offset, length);
    }
}
