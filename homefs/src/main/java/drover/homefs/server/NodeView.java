package drover.homefs.server;

import drover.linux.syscall.Errno;
import drover.model.Credentials;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.file.Caller;
import drover.protocol.file.FileRecall;
import drover.protocol.file.FileResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// What one node knows and holds of this home: nothing of it is reachable for another node.
final class NodeView {
    final NodeId node;
    final InodeTable inodes;
    final Map<Long, OpenHandle> handles = new ConcurrentHashMap<>();
    final ReplyMemory memory;
    final AtomicInteger calls = new AtomicInteger();
    final Recalls.State recalls = new Recalls.State();
    /// Names that it was promised there are none of, since they were last taken back. Owned by [Leases],
    /// under its lock.
    int absences;
    /// Names that turned out to lead elsewhere than it was promised, to be taken back with the next change.
    /// Owned by [Leases], under its lock.
    final List<FileRecall.Item> displaced = new ArrayList<>(0);
    /// The mount the node told in its last Hello; 0 before.
    volatile long mountId;

    NodeView(NodeId node, InodeTable inodes, ReplyMemory memory) {
        this.node = node;
        this.inodes = inodes;
        this.memory = memory;
    }

    OpenHandle handle(long id) throws CallFailed {
        OpenHandle handle = handles.get(id);
        if (handle == null) throw new CallFailed(Errno.EBADF);
        return handle;
    }

    /// Some of what the node's kernel knows, in the order of ids, for a daemon that does not.
    List<FileResult.Told> nodesAfter(long id) {
        return inodes.after(id, FileResult.Reminder.MAX_AT_ONCE);
    }

    /// Some of what its guests have open, likewise.
    List<FileResult.Held> heldAfter(long id) {
        List<FileResult.Held> held = new ArrayList<>();
        handles.values().stream()
                .filter(handle -> handle.id > id)
                .sorted(Comparator.comparingLong(handle -> handle.id))
                .limit(FileResult.Reminder.MAX_AT_ONCE)
                .forEach(handle -> {
                    Credentials opener = handle.credentials;
                    held.add(new FileResult.Held(
                            handle.id,
                            Caller.of(handle.guest, opener.uid(), opener.gid()),
                            handle.inode.id,
                            handle.flags,
                            handle.directory));
                });
        return held;
    }

    /// One call under way: for whom, the thread that acts, and what it has changed.
    ///
    /// @param since [Leases#now()] before anything was looked at
    record Call(
            NodeView view,
            GuestKey guest,
            Credentials credentials,
            ActingThread acting,
            long since,
            List<Change> changes) {
        /// The same call, from the moment at which it looks at one more thing.
        Call from(long now) {
            return new Call(view, guest, credentials, acting, now, changes);
        }

        void changed(Change change) {
            changes.add(change);
        }

        Inode inode(long id) throws CallFailed {
            return view.inodes.get(id);
        }

        /// The handle, in use until it is left, if it is the caller's own.
        OpenHandle use(long id) throws CallFailed {
            OpenHandle handle = view.handle(id);
            if (!handle.guest.equals(guest)) throw new CallFailed(Errno.ESTALE);
            handle.use();
            return handle;
        }
    }
}
