package drover.homefs.server;

import drover.linux.syscall.FileStatus;

/// Which file of home this is. The birth time tells apart two files that had the same inode number one after
/// the other.
///
/// @param birthNanos seconds and nanoseconds of birth mixed; 0 where the file system keeps none
record Identity(long device, long inode, int type, long birthNanos) {
    static Identity of(FileStatus status) {
        return new Identity(
                status.device(),
                status.inode(),
                status.type(),
                status.birthSeconds() * 1_000_000_000L + status.birthNanos());
    }

    /// Of a file that a node knew before home's restart: it is known by device and number alone.
    static Identity revived(long device, long inode) {
        return new Identity(device, inode, 0, 0);
    }

    /// False also where the type is not known.
    boolean isDirectory() {
        return type == FileStatus.S_IFDIR;
    }

    boolean is(FileStatus status) {
        if (type == 0) return device == status.device() && inode == status.inode();
        return equals(of(status));
    }
}
