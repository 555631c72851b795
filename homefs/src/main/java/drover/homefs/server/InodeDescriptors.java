package drover.homefs.server;

import drover.linux.syscall.Close;
import drover.linux.syscall.Errno;
import drover.linux.syscall.FileHandle;
import drover.linux.syscall.Open;
import drover.linux.syscall.Stat;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// O_PATH descriptors of inodes, the least recently used closed when there are too many, and opened again by
/// the file's handle or its place. Those of removed files are closed too, for they keep the file's room on
/// the disk. Thread rule: any of the server's threads; one lock, never held during a system call that can
/// block.
final class InodeDescriptors {
    private static final int PATH = Open.O_PATH | Open.O_NOFOLLOW | Open.O_CLOEXEC;

    private final int limit;
    private final Identities identities;
    private final ProcSelf procSelf;
    private final Map<Inode, Boolean> recent = new LinkedHashMap<>(256, 0.75f, true);

    InodeDescriptors(int limit, Identities identities, ProcSelf procSelf) {
        this.limit = limit;
        this.identities = identities;
        this.procSelf = procSelf;
    }

    /// A descriptor in use: it stays open until this is closed.
    final class Pin implements AutoCloseable {
        private final Inode inode;
        final int descriptor;

        private Pin(Inode inode, int descriptor) {
            this.inode = inode;
            this.descriptor = descriptor;
        }

        @Override
        public void close() {
            unpin(inode);
        }
    }

    Pin pin(Inode inode, ActingThread acting) throws CallFailed {
        Pin pin = pinIfOpen(inode);
        if (pin != null) return pin;
        return adopt(inode, openAgain(inode, acting), true);
    }

    /// Null if none is open.
    Pin pinIfOpen(Inode inode) {
        synchronized (recent) {
            if (inode.descriptor < 0) return null;
            inode.pins++;
            recent.get(inode);
            return new Pin(inode, inode.descriptor);
        }
    }

    /// Takes over a descriptor of the inode that the caller has opened and verified.
    void adopt(Inode inode, int descriptor) {
        adopt(inode, descriptor, false);
    }

    private Pin adopt(Inode inode, int descriptor, boolean pin) {
        int surplus = -1;
        List<Inode> evicted = new ArrayList<>(0);
        Pin pinned = null;
        synchronized (recent) {
            if (inode.descriptor >= 0) surplus = descriptor;
            else inode.descriptor = descriptor;
            recent.put(inode, Boolean.TRUE);
            if (pin) {
                inode.pins++;
                pinned = new Pin(inode, inode.descriptor);
            }
            if (recent.size() > limit) evict(evicted, inode);
        }
        if (surplus >= 0) Close.close(surplus);
        for (Inode gone : evicted) release(gone);
        return pinned;
    }

    private void evict(List<Inode> evicted, Inode keep) {
        Iterator<Inode> eldest = recent.keySet().iterator();
        while (recent.size() - evicted.size() > limit && eldest.hasNext()) {
            Inode inode = eldest.next();
            if (inode.pins == 0 && inode != keep && inode.id != Inode.ROOT) {
                inode.pins = 1; // nobody else closes it meanwhile
                evicted.add(inode);
            }
        }
        for (Inode inode : evicted) recent.remove(inode);
    }

    /// Remembers how to find the file again, then closes its descriptor unless somebody came to use it.
    private void release(Inode inode) {
        if (inode.fileHandle == null) {
            FileHandle handle = FileHandle.ofDescriptor(inode.descriptor);
            synchronized (recent) {
                inode.fileHandle = handle;
            }
        }
        int close = -1;
        synchronized (recent) {
            inode.pins--;
            if (inode.pins == 0) {
                close = inode.descriptor;
                inode.descriptor = -1;
                recent.remove(inode);
            } else {
                recent.put(inode, Boolean.TRUE);
            }
        }
        if (close >= 0) Close.close(close);
    }

    private void unpin(Inode inode) {
        int close = -1;
        synchronized (recent) {
            inode.pins--;
            if (inode.pins == 0 && inode.dropped) close = take(inode);
        }
        if (close >= 0) Close.close(close);
    }

    /// The inode is no longer known to its node.
    void drop(Inode inode) {
        int close = -1;
        synchronized (recent) {
            inode.dropped = true;
            if (inode.pins == 0) close = take(inode);
        }
        if (close >= 0) Close.close(close);
    }

    /// Closes the descriptors of files that have no name any more and that no guest holds open. A node may
    /// know such a file for hours, and until then the disk would not get its room back. Who asks for it later
    /// is told that it is stale. One fstat for each descriptor.
    void releaseRemoved() {
        List<Inode> idle;
        synchronized (recent) {
            idle = recent.keySet().stream()
                    .filter(inode -> inode.pins == 0 && inode.handles().isEmpty())
                    .toList();
        }
        for (Inode inode : idle) releaseIfRemoved(inode);
    }

    private void releaseIfRemoved(Inode inode) {
        int descriptor;
        synchronized (recent) {
            if (inode.pins > 0 || inode.descriptor < 0) return; // used or closed meanwhile
            inode.pins = 1;
            descriptor = inode.descriptor;
        }
        boolean nameless = Stat.ofDescriptor(descriptor) instanceof Stat.Result.Found(var status)
                && status.isRegular()
                && status.links() == 0;
        boolean removed = nameless;
        int close = -1;
        synchronized (recent) {
            inode.pins--;
            removed &= inode.handles().isEmpty() && inode.seenRemoved; // a node may just be about to open it
            inode.seenRemoved = nameless;
            if (inode.pins == 0 && (removed || inode.dropped)) close = take(inode);
        }
        if (close >= 0) Close.close(close);
    }

    private int take(Inode inode) {
        int descriptor = inode.descriptor;
        inode.descriptor = -1;
        recent.remove(inode);
        return descriptor;
    }

    int open() {
        synchronized (recent) {
            return recent.size();
        }
    }

    private int openAgain(Inode inode, ActingThread acting) throws CallFailed {
        for (OpenHandle handle : inode.handles()) {
            int descriptor = Open.openat(
                    procSelf.descriptor(), ProcSelf.name(handle.descriptor()), Open.O_PATH | Open.O_CLOEXEC, 0);
            if (descriptor >= 0) return verified(inode, descriptor);
        }
        Inode.Place place = inode.place();
        Inode.Place other = inode.otherPlace();
        if (place.parent() == null) throw new CallFailed(Errno.ESTALE);
        if (other == null) return openAt(place, inode, acting);
        try {
            return openAt(place, inode, acting);
        } catch (CallFailed e) {
            int descriptor = openAt(other, inode, acting);
            inode.seenAt(other.parent(), other.name());
            return descriptor;
        }
    }

    private int openAt(Inode.Place place, Inode inode, ActingThread acting) throws CallFailed {
        try (Pin parent = pin(place.parent(), acting)) {
            var before = acting.current();
            if (!inode.revived) acting.assumeRoot();
            try {
                if (inode.fileHandle != null) {
                    int descriptor = inode.fileHandle.open(parent.descriptor, Open.O_PATH | Open.O_CLOEXEC);
                    if (descriptor >= 0) return verified(inode, descriptor);
                }
                int descriptor = Open.openat(parent.descriptor, place.name().array(), PATH, 0);
                if (descriptor == -Errno.ENOENT || descriptor == -Errno.ENOTDIR) throw new CallFailed(Errno.ESTALE);
                return verified(inode, CallFailed.check(descriptor));
            } finally {
                acting.assume(before);
            }
        }
    }

    private int verified(Inode inode, int descriptor) throws CallFailed {
        if (Stat.ofDescriptor(descriptor) instanceof Stat.Result.Found(var status)) {
            Identity found = identities.of(status, descriptor);
            if (inode.identity().is(found)) {
                inode.found(found);
                return descriptor;
            }
        }
        Close.close(descriptor);
        throw new CallFailed(Errno.ESTALE);
    }
}
