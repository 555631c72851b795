package drover.linux.syscall;

/// symlinkat(2).
public final class Symlink {
    private Symlink() {}

    public static int symlinkat(byte[] target, int directory, byte[] name) {
        Scratch scratch = Scratch.own();
        long targetAddress = scratch.name(target);
        long nameAddress = scratch.secondName(name);
        if (targetAddress < 0 || nameAddress < 0) return -Errno.ENAMETOOLONG;
        return (int) RawSyscall.call(266, targetAddress, directory, nameAddress);
    }
}
