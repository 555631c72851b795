package drover.linux.syscall;

/// lseek(2).
public final class Lseek {
    public static final int SEEK_SET = 0;
    public static final int SEEK_CUR = 1;
    public static final int SEEK_END = 2;
    public static final int SEEK_DATA = 3;
    public static final int SEEK_HOLE = 4;

    private Lseek() {}

    /// Returns the offset or the negated errno. Directory offsets of some file systems use all 63 bits.
    public static long lseek(int descriptor, long offset, int whence) {
        return RawSyscall.call(8, descriptor, offset, whence);
    }
}
