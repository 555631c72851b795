package drover.linux.syscall;

/// renameat2(2).
public final class Rename {
    public static final int RENAME_NOREPLACE = 1;
    public static final int RENAME_EXCHANGE = 2;

    private Rename() {}

    public static int renameat2(int oldDirectory, byte[] oldName, int newDirectory, byte[] newName, int flags) {
        Scratch scratch = Scratch.own();
        long oldAddress = scratch.name(oldName);
        long newAddress = scratch.secondName(newName);
        if (oldAddress < 0 || newAddress < 0) return -Errno.ENAMETOOLONG;
        return (int) RawSyscall.call(316, oldDirectory, oldAddress, newDirectory, newAddress, flags);
    }
}
