package drover.homefs.server;

import drover.linux.syscall.Statfs;
import java.util.Set;

/// File systems of this machine alone: what is changed there, its kernel knows, and a write that cannot be done fails
/// at once.
final class LocalFileSystems {
    /// statfs(2) magics of file systems that nobody changes but this machine's kernel: ext4, xfs, btrfs, tmpfs,
    /// overlayfs, f2fs, zfs, bcachefs, ramfs, erofs, squashfs, iso9660.
    private static final Set<Long> MAGICS = Set.of(
            0xef53L,
            0x58465342L,
            0x9123683eL,
            0x01021994L,
            0x794c7630L,
            0xf2f52010L,
            0x2fc12fc1L,
            0xca451a4eL,
            0x858458f6L,
            0xe0f5e1e2L,
            0x73717368L,
            0x9660L);

    private LocalFileSystems() {}

    /// Whether an open file is on one.
    static boolean has(int descriptor) {
        return Statfs.ofDescriptor(descriptor) instanceof Statfs.Result.Found found && MAGICS.contains(found.magic());
    }
}
