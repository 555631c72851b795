package drover.homefs.server;

import drover.linux.syscall.FileHandle;
import drover.linux.syscall.FileStatus;
import java.util.Objects;

/// Which file of home this is. The birth time tells apart two files that had the same inode number one after
/// the other.
///
/// @param birthNanos seconds and nanoseconds of birth mixed; 0 where the file system keeps none
/// @param handle of a file whose number or birth may become another one: it is the same if this is. Else null
record Identity(long device, long inode, int type, long birthNanos, FileHandle handle) {
    static Identity of(FileStatus status) {
        return of(status, null);
    }

    static Identity of(FileStatus status, FileHandle handle) {
        return new Identity(
                status.device(),
                status.inode(),
                status.type(),
                status.birthSeconds() * 1_000_000_000L + status.birthNanos(),
                handle);
    }

    /// Of a file that a node knew before home's restart: it is known by device and number alone.
    static Identity revived(long device, long inode) {
        return new Identity(device, inode, 0, 0, null);
    }

    /// False also where the type is not known.
    boolean isDirectory() {
        return type == FileStatus.S_IFDIR;
    }

    /// Of a directory of overlayfs, whose number is another one when the kernel had dropped it from its memory.
    boolean mayBeRenumbered() {
        return handle != null && isDirectory();
    }

    /// Whether this is what was found; what is revived may be. A revived directory with another number is believed
    /// by its name, where numbers change: whatever is in it is looked at anew.
    boolean is(Identity found) {
        if (type == 0) return device == found.device && (inode == found.inode || found.mayBeRenumbered());
        return equals(found);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Identity that
                && device == that.device
                && type == that.type
                && Objects.equals(handle, that.handle)
                && (handle != null || (inode == that.inode && birthNanos == that.birthNanos));
    }

    @Override
    public int hashCode() {
        return handle != null ? handle.hashCode() : Long.hashCode(device * 31 + inode * 17 + birthNanos) + type;
    }
}
