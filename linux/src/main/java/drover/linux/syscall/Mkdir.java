package drover.linux.syscall;

/// mkdirat(2).
public final class Mkdir {
    private Mkdir() {}

    /// The umask is the calling thread's.
    public static int mkdirat(int directory, byte[] name, int mode) {
        long address = Scratch.own().name(name);
        if (address < 0) return -Errno.ENAMETOOLONG;
        return (int) RawSyscall.call(258, directory, address, mode);
    }
}
