package drover.protocol.file;

/// What stat(2) tells, as home sees it.
///
/// @param number the st_ino to show, distinct for each (device, inode) of home
/// @param device home's own device, by which a restarted home finds the file again
/// @param inode home's own inode number there
/// @param blocks in units of 512 bytes
public record FileAttributes(
        long number,
        long device,
        long inode,
        int mode,
        int links,
        int uid,
        int gid,
        int rdev,
        long size,
        long blocks,
        int blockBytes,
        FileTime accessed,
        FileTime modified,
        FileTime changed,
        FileTime born) {
    private static final int S_IFMT = 0xF000;

    public int type() {
        return mode & S_IFMT;
    }

    public boolean isDirectory() {
        return type() == 0x4000;
    }

    public boolean isRegular() {
        return type() == 0x8000;
    }

    /// Whether cached content of `other` is the content of this: close-to-open compares just these.
    public boolean sameContent(FileAttributes other) {
        return size == other.size && modified.equals(other.modified) && changed.equals(other.changed);
    }
}
