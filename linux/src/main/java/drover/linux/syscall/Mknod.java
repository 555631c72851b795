package drover.linux.syscall;

/// mknodat(2).
public final class Mknod {
    private Mknod() {}

    /// The umask is the calling thread's.
    public static int mknodat(int directory, byte[] name, int mode, long device) {
        long address = Scratch.own().name(name);
        if (address < 0) return -Errno.ENAMETOOLONG;
        return (int) RawSyscall.call(259, directory, address, mode, device);
    }
}
