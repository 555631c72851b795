package drover.linux.syscall;

import java.util.Arrays;

/// name_to_handle_at(2), open_by_handle_at(2): a name of a file that lasts as long as the file does, where its file
/// system gives one.
public final class FileHandle {
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int MAX_HANDLE_BYTES = 128;
    private static final byte[] NOTHING = {};

    private final byte[] structure;

    private FileHandle(byte[] structure) {
        this.structure = structure;
    }

    /// Null if the file system gives none.
    public static FileHandle ofDescriptor(int descriptor) {
        Scratch scratch = Scratch.own();
        scratch.value().putInt(0, MAX_HANDLE_BYTES);
        long handle = scratch.valueAddress();
        long mount = handle + 8 + MAX_HANDLE_BYTES;
        long result = RawSyscall.call(303, descriptor, scratch.name(NOTHING), handle, mount, AT_EMPTY_PATH);
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
