package drover.homefs.server;

import drover.homefs.server.InodeDescriptors.Pin;
import drover.homefs.server.NodeView.Call;
import drover.linux.syscall.Close;
import drover.linux.syscall.Errno;
import drover.linux.syscall.FileStatus;
import drover.linux.syscall.Open;
import drover.model.GuestKey;
import drover.protocol.file.Bytes;
import drover.protocol.file.FileResult;
import drover.protocol.file.HeldName;
import drover.protocol.file.Lease;
import java.util.Collection;

/// Finds files by a [HeldName] for a guest that is being made from another: what that one has open, and removed
/// directories, in which it may be. Nothing is promised of such a name. Thread-safe.
final class HeldNames {
    private final Collection<NodeView> views;
    private final InodeDescriptors descriptors;
    private final Identities identities;
    private final Attributes attributes;
    private final ProcSelf procSelf;

    HeldNames(
            Collection<NodeView> views,
            InodeDescriptors descriptors,
            Identities identities,
            Attributes attributes,
            ProcSelf procSelf) {
        this.views = views;
        this.descriptors = descriptors;
        this.identities = identities;
        this.attributes = attributes;
        this.procSelf = procSelf;
    }

    /// @param holder the guest from which the caller is made
    FileResult.Entry lookUp(Call call, Bytes name, GuestKey holder) throws CallFailed {
        long number = HeldName.number(name).orElseThrow(() -> new CallFailed(Errno.ENOENT));
        OpenHandle handle = held(holder, number);
        int descriptor = handle == null ? removedDirectory(call, number) : againAndLeave(handle);
        if (descriptor < 0) throw new CallFailed(Errno.ENOENT);
        FileStatus status;
        Inode inode;
        try {
            status = Attributes.status(descriptor);
            inode = call.view()
                    .inodes
                    .held(identities.of(status, descriptor), call.inode(Inode.ROOT), name, descriptor);
            if (handle != null) inode.seemsNamed = handle.inode.nameable || handle.inode.seemsNamed;
        } catch (CallFailed e) {
            Close.close(descriptor);
            throw e;
        }
        return new FileResult.Entry(inode.id, attributes.of(inode, status), Lease.NONE, Lease.NONE, false);
    }

    /// What that guest has open by that number, in use until it is left; null if nothing.
    private OpenHandle held(GuestKey guest, long number) throws CallFailed {
        for (NodeView view : views)
            for (OpenHandle handle : view.handles.values()) {
                if (!handle.guest.equals(guest)) continue;
                try {
                    handle.use();
                } catch (CallFailed e) {
                    continue; // closed meanwhile
                }
                boolean found = false;
                try {
                    found = isNumber(number, Attributes.status(handle.descriptor()));
                    if (found) return handle;
                } finally {
                    if (!found) handle.leave();
                }
            }
        return null;
    }

    private int againAndLeave(OpenHandle handle) throws CallFailed {
        try {
            return again(handle.descriptor());
        } finally {
            handle.leave();
        }
    }

    /// A guest is in a directory without having it open. One without a name is empty: who finds it learns nothing.
    private int removedDirectory(Call call, long number) throws CallFailed {
        for (NodeView view : views)
            for (Inode inode : view.inodes.all()) {
                Identity identity = inode.identity();
                if (!identity.isDirectory() || attributes.number(identity.device(), identity.inode()) != number)
                    continue;
                try (Pin pin = descriptors.pin(inode, call.acting())) {
                    if (Attributes.status(pin.descriptor).links() == 0) return again(pin.descriptor);
                } catch (CallFailed e) {
                    if (e.errno != Errno.ESTALE) throw e; // another node knows it, perhaps
                }
            }
        return -1;
    }

    private boolean isNumber(long number, FileStatus status) {
        return attributes.number(status.device(), status.inode()) == number;
    }

    private int again(int descriptor) throws CallFailed {
        return CallFailed.check(
                Open.openat(procSelf.descriptor(), ProcSelf.name(descriptor), Open.O_PATH | Open.O_CLOEXEC, 0));
    }
}
