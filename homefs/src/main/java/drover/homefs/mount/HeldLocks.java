package drover.homefs.mount;

import drover.protocol.file.FileOperation.SetLock;
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

    /// A lock that is held.
    ///
    /// @param lock how it is taken again
    record Held(long node, SetLock lock) {}

    /// @param handle by which the last was taken: when that is released, so are all
    private record Locks(long handle, List<LockRange> ranges) {}

    private final Map<Holder, Locks> all = new LinkedHashMap<>();

    /// It was taken, or given back.
    synchronized void set(long node, SetLock lock) {
        LockRange range = lock.range();
        Holder holder = new Holder(node, lock.owner(), lock.flock());
        List<LockRange> ranges = new ArrayList<>();
        if (!lock.flock()) {
            Locks before = all.get(holder);
            if (before != null) for (LockRange each : before.ranges) addOutside(ranges, each, range);
        }
        if (range.type() != LockRange.NONE) ranges.add(range);
        if (ranges.isEmpty()) all.remove(holder);
        else all.put(holder, new Locks(lock.handle(), ranges));
    }

    /// What is left of a lock where a later one covers another range.
    private static void addOutside(List<LockRange> to, LockRange held, LockRange later) {
        if (held.start() < later.start()) to.add(part(held, held.start(), Math.min(held.end(), later.start() - 1)));
        if (held.end() > later.end()) to.add(part(held, Math.max(held.start(), later.end() + 1), held.end()));
    }

    private static LockRange part(LockRange of, long start, long end) {
        return new LockRange(of.type(), start, end, of.pid());
    }

    /// The owner has closed the file: its locks of fcntl(2) on it are gone. Returns whether there were some.
    synchronized boolean closed(long node, long owner) {
        return !all.isEmpty() && all.remove(new Holder(node, owner, false)) != null;
    }

    synchronized void released(long handle) {
        if (!all.isEmpty()) all.values().removeIf(locks -> locks.handle == handle);
    }

    synchronized List<Held> all() {
        List<Held> held = new ArrayList<>();
        all.forEach((holder, locks) -> {
            for (LockRange range : locks.ranges)
                held.add(new Held(holder.node, new SetLock(locks.handle, holder.owner, range, holder.flock, false)));
        });
        return held;
    }
}
