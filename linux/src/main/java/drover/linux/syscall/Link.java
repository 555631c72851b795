package drover.linux.syscall;

/// linkat(2).
public final class Link {
    private static final int AT_SYMLINK_FOLLOW = 0x400;

    private Link() {}

    /// Links what the old name leads to: with /proc/self/fd as its directory, the file behind a descriptor.
    public static int linkat(int oldDirectory, byte[] oldName, int newDirectory, byte[] newName) {
        Scratch scratch = Scratch.own();
        long oldAddress = scratch.name(oldName);
        long newAddress = scratch.secondName(newName);
        if (oldAddress < 0 || newAddress < 0) return -Errno.ENAMETOOLONG;
        return (int) RawSyscall.call(265, oldDirectory, oldAddress, newDirectory, newAddress, AT_SYMLINK_FOLLOW);
    }
}
