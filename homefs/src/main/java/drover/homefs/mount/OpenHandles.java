package drover.homefs.mount;

import drover.model.GuestKey;
import drover.protocol.file.Caller;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileResult;
import drover.protocol.file.FileResult.HeldLock;
import drover.protocol.file.LockRange;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The files that the kernel holds open of one home, and whose locks of fcntl(2) are on them. Any thread.
final class OpenHandles {
    private record Locker(long node, long owner) {}

    private final Map<Long, KnownHandle> handles = new ConcurrentHashMap<>();
    private final Map<Long, Caller> openers = new ConcurrentHashMap<>();
    private final Set<Locker> lockers = ConcurrentHashMap.newKeySet();
    private final HeldLocks locks = new HeldLocks();
    private final LockPlaces places = new LockPlaces();
    private final Set<GuestKey> arriving = ConcurrentHashMap.newKeySet();
    private volatile KernelNotes notes;

    /// Notes what is opened and closed. Call before the first is opened.
    void noteIn(KernelNotes notes) {
        this.notes = notes;
    }

    /// An open is on its way: its answer will belong to this caller.
    void opening(long callId, Caller caller) {
        openers.put(callId, caller);
    }

    void notOpened(long callId) {
        openers.remove(callId);
    }

    KnownHandle opened(long id, long node, int flags, boolean directory, PendingCall call) {
        Caller opener = openers.remove(call.id);
        return opened(id, node, flags, directory, opener == null ? Caller.NOBODY : opener);
    }

    KnownHandle opened(long id, long node, int flags, boolean directory, Caller opener) {
        KnownHandle handle = new KnownHandle(id, node, flags, directory, opener);
        handles.put(id, handle);
        KernelNotes to = notes;
        if (to != null) to.opened(new FileResult.Held(id, opener, node, flags, directory));
        return handle;
    }

    /// It was opened under a daemon before this one. Whether there are locks on it is not known.
    void told(FileResult.Held held) {
        KnownHandle handle = new KnownHandle(held.handle(), held.node(), held.flags(), held.directory(), held.opener());
        handle.flushes(true);
        handles.putIfAbsent(held.handle(), handle);
    }

    /// It was taken under a daemon before this one, which noted it.
    void told(HeldLock held) {
        locks.set(held.node(), held.lock());
        if (!held.lock().flock())
            lockers.add(new Locker(held.node(), held.lock().owner()));
    }

    List<HeldLock> locks() {
        return locks.all();
    }

    private List<HeldLock> locksOf(GuestKey guest) {
        return locks.all().stream()
                .filter(held -> {
                    KnownHandle handle = handles.get(held.lock().handle());
                    return handle != null && handle.isOf(guest);
                })
                .toList();
    }

    /// A guest is about to be held, to leave this node.
    void leaving(GuestKey guest) {
        places.begin(guest);
    }

    /// Takes note of one of its descriptors. Returns whether others are of interest, too.
    boolean asked(GuestKey guest, long node, FileOperation.TestLock question) {
        return !locksOf(guest).isEmpty() && places.asked(guest, node, question);
    }

    /// What it holds, as far as is known by which descriptors.
    List<GuestLock> placesOfLocks(GuestKey guest) {
        return places.locate(guest, locksOf(guest));
    }

    /// It has left, or stays.
    void notLeaving(GuestKey guest) {
        places.end(guest);
    }

    /// A guest is made here from another: what makes it closes files that it did not, and that ends no locks.
    void arriving(GuestKey guest) {
        arriving.add(guest);
    }

    /// It runs from now on, or never will.
    void arrived(GuestKey guest) {
        arriving.remove(guest);
    }

    /// Null if nothing is known of it.
    KnownHandle get(long id) {
        return handles.get(id);
    }

    void released(long id) {
        KnownHandle handle = handles.remove(id);
        if (handle == null) return;
        locks.released(id);
        KernelNotes to = notes;
        if (to != null) to.released(id);
        var content = handle.takePrefetched(-1);
        if (content != null) content.release();
    }

    void changed(long id, KnownNodes nodes) {
        KnownHandle handle = handles.get(id);
        KnownNode node = handle == null ? null : nodes.get(handle.node);
        if (node != null) node.changed();
    }

    void locked(FileOperation.SetLock lock) {
        KnownHandle handle = handles.get(lock.handle());
        if (handle == null) return;
        locks.set(handle.node, lock);
        KernelNotes to = notes;
        if (to != null) to.locked(new HeldLock(handle.node, lock));
        if (lock.flock() || lock.range().type() == LockRange.NONE) return;
        lockers.add(new Locker(handle.node, lock.owner()));
    }

    /// Whether home has to know that this owner closes the file. It has performed each write before the writer
    /// went on, so that there is something to do only for a lock, which is told of once, and where its file
    /// system puts writes off.
    boolean mustFlush(KnownHandle handle, long owner) {
        if (!arriving.isEmpty() && arriving.stream().anyMatch(handle::isOf)) return handle.flushes();
        KernelNotes to = notes;
        if (locks.closed(handle.node, owner) && to != null) to.closed(handle.node, owner);
        return lockers.remove(new Locker(handle.node, owner)) || handle.flushes();
    }

    Collection<KnownHandle> all() {
        return handles.values();
    }
}
