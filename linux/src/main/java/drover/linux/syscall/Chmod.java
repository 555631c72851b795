package drover.linux.syscall;

/// chmod(2), fchmodat(2).
public final class Chmod {
    private Chmod() {}

    /// Follows a symbolic link: with /proc/self/fd as its directory, changes the file behind a descriptor.
    public static int fchmodat(int directory, byte[] name, int mode) {
        long address = Scratch.own().name(name);
        if (address < 0) return -Errno.ENAMETOOLONG;
        return (int) RawSyscall.call(268, directory, address, mode);
    }

    public static int fchmod(int descriptor, int mode) {
        return (int) RawSyscall.call(91, descriptor, mode);
    }
}
