package drover.linux.syscall;

/// copy_file_range(2).
public final class CopyFileRange {
    private CopyFileRange() {}

    /// Returns the bytes copied or the negated errno. The descriptors' own offsets are not used.
    public static long copyFileRange(int from, long fromOffset, int to, long toOffset, long length) {
        Scratch scratch = Scratch.own();
        scratch.value().putLong(fromOffset).putLong(toOffset);
        return RawSyscall.call(326, from, scratch.valueAddress(), to, scratch.valueAddress() + 8, length, 0);
    }
}
