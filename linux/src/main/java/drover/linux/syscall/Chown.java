package drover.linux.syscall;

/// fchownat(2).
public final class Chown {
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final byte[] NOTHING = {};

    private Chown() {}

    /// Of the file behind a descriptor, also a symbolic link's own. -1 leaves an id as it is.
    public static int ofDescriptor(int descriptor, int uid, int gid) {
        return (int) RawSyscall.call(
                260, descriptor, Scratch.own().name(NOTHING), uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
    }
}
