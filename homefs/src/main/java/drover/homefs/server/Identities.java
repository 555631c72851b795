package drover.homefs.server;

import drover.linux.syscall.FileHandle;
import drover.linux.syscall.FileStatus;
import drover.linux.syscall.Statfs;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Tells files apart. On overlayfs(5) a file is born again when it is first written to, and a directory gets
/// another number when the kernel has dropped it from its memory, so there they are known by their handles.
/// Thread rule: any of the server's threads.
final class Identities {
    private static final long OVERLAY = 0x794c7630L;
    /// More than machines have; looking again costs one call.
    private static final int MAX_DEVICES = 1_024;

    /// Whether a device is an overlay's. It stays so for what nodes know of it.
    private final Map<Long, Boolean> overlays = new ConcurrentHashMap<>();

    /// @param descriptor of the file
    Identity of(FileStatus status, int descriptor) {
        Boolean known = overlays.get(status.device());
        if (known == null) {
            known = isOverlay(descriptor);
            if (overlays.size() >= MAX_DEVICES) overlays.clear();
            overlays.put(status.device(), known);
        }
        return Identity.of(status, known ? FileHandle.identifying(descriptor) : null);
    }

    /// Of a name that was just found in a directory.
    Identity of(FileStatus status, int directory, byte[] name) {
        Boolean known = overlays.get(status.device());
        // not remembered: something else may be mounted there
        if (known == null) known = isOverlay(directory);
        return Identity.of(status, known ? FileHandle.identifying(directory, name) : null);
    }

    private static boolean isOverlay(int descriptor) {
        return Statfs.ofDescriptor(descriptor) instanceof Statfs.Result.Found found && found.magic() == OVERLAY;
    }
}
