package drover.linux.syscall;

/// unlinkat(2).
public final class Unlink {
    private static final int AT_REMOVEDIR = 0x200;

    private Unlink() {}

    public static int unlinkat(int directory, byte[] name) {
        return remove(directory, name, 0);
    }

    /// rmdir(2), relative to a directory.
    public static int rmdirat(int directory, byte[] name) {
        return remove(directory, name, AT_REMOVEDIR);
    }

    private static int remove(int directory, byte[] name, int flags) {
        long address = Scratch.own().name(name);
        if (address < 0) return -Errno.ENAMETOOLONG;
        return (int) RawSyscall.call(263, directory, address, flags);
    }
}
