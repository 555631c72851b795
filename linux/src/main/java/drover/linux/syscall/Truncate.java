package drover.linux.syscall;

/// truncate(2), ftruncate(2).
public final class Truncate {
    private Truncate() {}

    public static int truncate(byte[] path, long size) {
        long address = Scratch.own().name(path);
        if (address < 0) return -Errno.ENAMETOOLONG;
        return (int) RawSyscall.call(76, address, size);
    }

    public static int ftruncate(int descriptor, long size) {
        return (int) RawSyscall.call(77, descriptor, size);
    }
}
