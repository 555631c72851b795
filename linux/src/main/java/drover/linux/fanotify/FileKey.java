package drover.linux.fanotify;

import drover.linux.syscall.FileHandle;
import drover.linux.syscall.Statfs;

/// How an event names a file: comparable, and no way to open it.
public record FileKey(long fileSystem, FileHandle handle) {
    /// Null if the file system names its files in no lasting way.
    public static FileKey ofDescriptor(int descriptor) {
        if (!(Statfs.ofDescriptor(descriptor) instanceof Statfs.Result.Found found)) return null;
        FileHandle handle = FileHandle.identifying(descriptor);
        return handle == null ? null : new FileKey(found.fileSystemId(), handle);
    }
}
