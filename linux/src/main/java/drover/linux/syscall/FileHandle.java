package drover.linux.syscall;

import java.util.Arrays;

/// name_to_handle_at(2), open_by_handle_at(2): a name of a file that lasts as long as the file does, where its file
/// system gives one.
public final class FileHandle {
    private static final int AT_EMPTY_PATH = 0x1000;
    /// Linux 6.5 and later: a handle to compare with, also where none can be opened.
    private static final int AT_HANDLE_FID = 0x200;
    private static final int MAX_HANDLE_BYTES = 128;
    private static final byte[] NOTHING = {};

    private final byte[] structure;

    private FileHandle(byte[] structure) {
        this.structure = structure;
    }

    /// Null if the file system gives none.
    public static FileHandle ofDescriptor(int descriptor) {
        return of(descriptor, NOTHING, AT_EMPTY_PATH);
    }

    /// As fanotify(7) names the file in its events. Null if the file system gives none.
    public static FileHandle identifying(int descriptor) {
        FileHandle handle = of(descriptor, NOTHING, AT_EMPTY_PATH | AT_HANDLE_FID);
        return handle != null ? handle : of(descriptor, NOTHING, AT_EMPTY_PATH);
    }

    /// Of a name in a directory; a symbolic link is not followed. Null if the file system gives none.
    public static FileHandle identifying(int directory, byte[] name) {
        FileHandle handle = of(directory, name, AT_HANDLE_FID);
        return handle != null ? handle : of(directory, name, 0);
    }

    /// From a `struct file_handle` in an event.
    public static FileHandle ofStructure(byte[] structure) {
        return new FileHandle(structure.clone());
    }

    private static FileHandle of(int descriptor, byte[] name, int flags) {
        Scratch scratch = Scratch.own();
        scratch.value().putInt(0, MAX_HANDLE_BYTES);
        long handle = scratch.valueAddress();
        long mount = handle + 8 + MAX_HANDLE_BYTES;
        long path = scratch.name(name);
        if (path < 0) return null;
        long result = RawSyscall.call(303, descriptor, path, handle, mount, flags);
        if (result < 0) return null;
        return new FileHandle(scratch.valueBytes(8 + scratch.value().getInt(0)));
    }

    /// Opens the file again. The mount is any descriptor on the same file system. Needs root's rights.
    public int open(int mount, int flags) {
        Scratch scratch = Scratch.own();
        scratch.value().put(structure);
        return (int) RawSyscall.call(304, mount, scratch.valueAddress(), flags);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FileHandle that && Arrays.equals(structure, that.structure);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(structure);
    }
}
