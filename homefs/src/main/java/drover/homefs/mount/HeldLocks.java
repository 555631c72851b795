package drover.homefs.mount;

import drover.protocol.file.FileOperation.SetLock;
import drover.protocol.file.FileResult.HeldLock;
import drover.protocol.file.LockRange;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The locks that guests here hold on one home's files, so that they can be taken again when home has restarted: there
/// they end with its daemon. Any thread.
final class HeldLocks {
    /// @param flock of flock(2): the owner is the open file
    private record Holder(long node, long owner, boolean flock) {}

    /// @param handle by which the last was taken: when that is released, so are all
    private record Locks(long handle, List<LockRange> ranges) {}

    private final Map<Holder, Locks> all = new LinkedHashMap<>();

    /// It was taken, or given back.
    synchronized void set(long node, SetLock lock) {
        Holder holder = new Holder(node, lock.owner(), lock.flock());
        Locks before = lock.flock() ? null : all.get(holder);
        List<LockRange> ranges = LockRange.set(before == null ? List.of() : before.ranges, lock.range());
        if (ranges.isEmpty()) all.remove(holder);
        else all.put(holder, new Locks(lock.handle(), ranges));
    }

    /// The owner has closed the file: its locks of fcntl(2) on it are gone. Returns whether there were some.
    synchronized boolean closed(long node, long owner) {
        return !all.isEmpty() && all.remove(new Holder(node, owner, false)) != null;
    }

    synchronized void released(long handle) {
        if (!all.isEmpty()) all.values().removeIf(locks -> locks.handle == handle);
    }

    /// How each is taken again.
    synchronized List<HeldLock> all() {
        List<HeldLock> held = new ArrayList<>();
        all.forEach((holder, locks) -> {
            for (LockRange range : locks.ranges)
                held.add(
                        new HeldLock(holder.node, new SetLock(locks.handle, holder.owner, range, holder.flock, false)));
        });
        return held;
    }
}
