package drover.homefs.server;

import drover.homefs.server.NodeView.Call;
import drover.linux.syscall.Close;
import java.util.function.LongSupplier;

/// Gives out handles, and takes them back.
final class Handles {
    private final LongSupplier ids;
    private final Guests guests;
    private final LockTable locks;
    private final Programs programs;

    Handles(LongSupplier ids, Guests guests, LockTable locks, Programs programs) {
        this.programs = programs;
        this.ids = ids;
        this.guests = guests;
        this.locks = locks;
    }

    /// Takes the descriptor over, also when it fails.
    OpenHandle add(Call call, Inode inode, int flags, boolean directory, int descriptor) throws CallFailed {
        return add(call, ids.getAsLong(), inode, flags, directory, descriptor);
    }

    OpenHandle add(Call call, long id, Inode inode, int flags, boolean directory, int descriptor) throws CallFailed {
        try {
            guests.opening(call.guest());
        } catch (CallFailed e) {
            Close.close(descriptor);
            throw e;
        }
        OpenHandle handle = new OpenHandle(id, call.guest(), call.credentials(), inode, flags, directory, descriptor);
        if (!directory) programs.opened(call.view(), handle.file, flags);
        call.view().handles.put(id, handle);
        return handle;
    }

    void release(NodeView view, OpenHandle handle) {
        if (!view.handles.remove(handle.id, handle)) return;
        handle.release();
        if (!handle.directory) programs.closed(view, handle.file, handle.flags);
        guests.closed(handle.guest);
        locks.released(handle);
    }
}
