package drover.homefs.server;

import drover.homefs.server.NodeView.Call;
import drover.linux.syscall.Close;
import drover.linux.syscall.Duplicate;
import drover.linux.syscall.Errno;
import drover.linux.syscall.FileLock;
import drover.linux.syscall.Flock;
import drover.linux.syscall.Open;
import drover.model.GuestKey;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileResult;
import drover.protocol.file.FileResult.HeldLock;
import drover.protocol.file.LockRange;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Locks of guests, as real locks on home's files, so that programs at home and guests on all nodes see each
/// other's. A lock of fcntl(2) belongs to its owner: each (node, inode, owner) has an open file description of
/// its own for it. A lock of flock(2) belongs to the open file: it is taken on the handle's.
///
/// A guest that is made from another asks for what that one has locked, and is told that it has it. Then home gives it
/// to both ([#carry]): it is never free, and whichever of them ends, the other has it still.
final class LockTable {
    private static final long FIRST_INDEX_LOCK = 120;
    private static final long LAST_INDEX_LOCK = 128;

    private record Owner(NodeView view, Inode inode, long owner) {}

    private static final class Description {
        /// What is only asked for is not locked yet.
        static final int NONE_YET = -1;

        final GuestKey guest;
        int descriptor;
        /// Of the last lock: that of an open file (F_OFD_SETLK) has no other.
        OpenHandle handle;
        int pid;
        List<LockRange> ranges = List.of();

        Description(int descriptor, GuestKey guest) {
            this.descriptor = descriptor;
            this.guest = guest;
        }

        boolean isOnlyAskedFor() {
            return descriptor == NONE_YET;
        }

        void close() {
            if (!isOnlyAskedFor()) Close.close(descriptor);
        }
    }

    private final ProcSelf procSelf;
    private final Map<Owner, Description> descriptions = new HashMap<>();
    private final LockWaiters waiters;

    LockTable(ProcSelf procSelf, LockWaiters waiters) {
        this.procSelf = procSelf;
        this.waiters = waiters;
    }

    /// Takes or releases a lock. Throws EAGAIN if another is in the way.
    ///
    /// @param asks of a guest that is made from another: it has the lock when that is given to it, too
    void set(Call call, FileOperation.SetLock o, boolean asks) throws CallFailed {
        OpenHandle handle = call.use(o.handle());
        try {
            if (o.flock()) flock(handle, o, asks);
            else posix(call, handle, o, asks);
            if (o.range().type() != LockRange.WRITE) waiters.wake(handle.inode);
        } finally {
            handle.leave();
        }
    }

    private static void flock(OpenHandle handle, FileOperation.SetLock o, boolean asks) throws CallFailed {
        int type = o.range().type();
        int operation = switch (type) {
            case LockRange.READ -> Flock.LOCK_SH;
            case LockRange.WRITE -> Flock.LOCK_EX;
            case LockRange.NONE -> Flock.LOCK_UN;
            default -> throw new CallFailed(Errno.EINVAL);
        };
        if (!asks) CallFailed.check(Flock.flock(handle.descriptor(), operation | Flock.LOCK_NB));
        handle.flocked = type;
        handle.flockOwner = o.owner();
    }

    private void posix(Call call, OpenHandle handle, FileOperation.SetLock o, boolean asks) throws CallFailed {
        Owner owner = new Owner(call.view(), handle.inode, o.owner());
        synchronized (this) {
            Description description = descriptions.get(owner);
            if (description == null) {
                if (o.range().type() == LockRange.NONE) return;
                description = new Description(asks ? Description.NONE_YET : describe(call, handle), handle.guest);
                if (!asks && isWriteAheadIndex(handle.inode, o.range()) && isSharedElsewhere(owner, description)) {
                    description.close();
                    throw new CallFailed(Errno.EAGAIN);
                }
                descriptions.put(owner, description);
            }
            description.pid = o.range().pid();
            description.handle = handle;
            handle.locked = true;
            FileLock lock = lock(o.range());
            if (!description.isOnlyAskedFor()) CallFailed.check(lock.set(description.descriptor));
            description.ranges = LockRange.set(description.ranges, o.range());
        }
    }

    /// What a node's guests have locked, for a daemon of it that does not know.
    synchronized List<HeldLock> of(NodeView view) {
        List<HeldLock> held = new ArrayList<>();
        descriptions.forEach((owner, description) -> {
            if (owner.view == view)
                for (LockRange range : description.ranges)
                    held.add(held(owner.inode, description.handle, owner.owner, range, false));
        });
        for (OpenHandle handle : view.handles.values())
            if (handle.flocked != LockRange.NONE)
                held.add(held(
                        handle.inode,
                        handle,
                        handle.flockOwner,
                        new LockRange(handle.flocked, 0, Long.MAX_VALUE, 0),
                        true));
        return held.subList(0, Math.min(held.size(), FileResult.Reminder.MAX_LOCKS));
    }

    private static HeldLock held(Inode inode, OpenHandle handle, long owner, LockRange range, boolean flock) {
        return new HeldLock(inode.id, new FileOperation.SetLock(handle.id, owner, range, flock, false));
    }

    /// Gives what a guest has locked to the one that is made from it, too.
    ///
    /// @return false if that one has not asked for just this: then nothing is lost for either
    synchronized boolean carry(GuestKey former, GuestKey next, Collection<NodeView> views) {
        Pairs<Description> described = Pairs.of(locked(former), locked(next), LockTable::areAlike);
        if (!described.isComplete()) return false;
        try {
            if (!carryFlocks(former, next, views)) return false;
            for (var pair : described.pairs.entrySet())
                if (pair.getValue().isOnlyAskedFor())
                    pair.getValue().descriptor = CallFailed.check(Duplicate.of(pair.getKey().descriptor));
            return true;
        } catch (CallFailed e) {
            return false;
        }
    }

    /// An open file may live on in a mapping alone, and its lock with it (a JVM has one). Nobody can ask for that by a
    /// descriptor: whatever the next has open alike is this open file from now on.
    private static boolean carryFlocks(GuestKey former, GuestKey next, Collection<NodeView> views) throws CallFailed {
        Map<Boolean, List<OpenHandle>> ofNext =
                handles(next, views).collect(Collectors.partitioningBy(handle -> handle.flocked != LockRange.NONE));
        Pairs<OpenHandle> asked = Pairs.of(
                handles(former, views)
                        .filter(handle -> handle.flocked != LockRange.NONE)
                        .toList(),
                ofNext.get(true),
                (one, other) -> one.flocked == other.flocked && one.isOpenAs(other));
        if (!asked.without.isEmpty()) return false;
        for (var pair : asked.pairs.entrySet()) pair.getValue().become(pair.getKey());
        for (OpenHandle mapped : asked.left) {
            List<OpenHandle> alike =
                    ofNext.get(false).stream().filter(mapped::isOpenAs).toList();
            for (OpenHandle handle : alike) {
                handle.become(mapped);
                handle.flocked = mapped.flocked;
            }
            if (alike.isEmpty()) return false;
        }
        return true;
    }

    private static Stream<OpenHandle> handles(GuestKey guest, Collection<NodeView> views) {
        return views.stream()
                .flatMap(view -> view.handles.values().stream())
                .filter(handle -> handle.guest.equals(guest) && !handle.directory);
    }

    /// Each of some with another of others that is like it.
    ///
    /// @param left of some, those that have none
    /// @param without of others, likewise
    private record Pairs<T>(Map<T, T> pairs, List<T> left, List<T> without) {
        static <T> Pairs<T> of(List<T> some, List<T> others, BiPredicate<T, T> areAlike) {
            Pairs<T> found = new Pairs<>(new HashMap<>(), new ArrayList<>(), new ArrayList<>(others));
            for (T each : some)
                found.without.stream()
                        .filter(other -> areAlike.test(each, other))
                        .findFirst()
                        .ifPresentOrElse(
                                other -> {
                                    found.without.remove(other);
                                    found.pairs.put(each, other);
                                },
                                () -> found.left.add(each));
            return found;
        }

        boolean isComplete() {
            return left.isEmpty() && without.isEmpty();
        }
    }

    private List<Description> locked(GuestKey guest) {
        return descriptions.values().stream()
                .filter(each -> each.guest.equals(guest) && !each.ranges.isEmpty())
                .toList();
    }

    private static boolean areAlike(Description one, Description other) {
        return one.handle.inode.identity().equals(other.handle.inode.identity())
                && LockRange.areAlike(one.ranges, other.ranges);
    }

    /// Whether these are the locks of SQLite's index of a write-ahead log, which its processes share by mapping
    /// it. Two machines cannot share a mapping, so that the index is left to one machine at a time; to the
    /// others the database is locked. Each process holds the last of these locks as long as it uses the index.
    ///
    /// Source: SQLite, WAL-mode file format, section 2.3 (names and offsets of the locks).
    private static boolean isWriteAheadIndex(Inode inode, LockRange range) {
        return range.start() >= FIRST_INDEX_LOCK
                && range.end() <= LAST_INDEX_LOCK
                && inode.place().name().toString().endsWith("-shm");
    }

    /// Whether guests of another node, or programs at home, have locks on the file.
    private boolean isSharedElsewhere(Owner owner, Description fresh) throws CallFailed {
        boolean ownNodes = false;
        for (var each : descriptions.entrySet()) {
            Owner other = each.getKey();
            if (each.getValue().isOnlyAskedFor() || !other.inode.identity().equals(owner.inode.identity())) continue;
            if (other.view != owner.view) return true;
            ownNodes = true;
        }
        // the kernel tells one lock of those in the way, and it may be this node's
        return !ownNodes
                && new FileLock(LockRange.WRITE, 0, 0, 0).inTheWay(fresh.descriptor)
                        instanceof FileLock.Result.Found(FileLock found)
                && found.type() != LockRange.NONE;
    }

    /// The right to lock comes from the handle, and was checked when it was opened.
    private int describe(Call call, OpenHandle handle) throws CallFailed {
        var caller = call.acting().current();
        call.acting().assumeRoot();
        try {
            byte[] name = ProcSelf.name(handle.descriptor());
            int access = handle.flags & Open.O_ACCMODE;
            int descriptor = Open.openat(procSelf.descriptor(), name, Open.O_RDWR | Open.O_CLOEXEC, 0);
            if (descriptor < 0) descriptor = Open.openat(procSelf.descriptor(), name, access | Open.O_CLOEXEC, 0);
            return CallFailed.check(descriptor);
        } finally {
            call.acting().assume(caller);
        }
    }

    private static FileLock lock(LockRange range) throws CallFailed {
        if (range.type() < 0 || range.type() > 2 || range.start() < 0 || range.end() < range.start())
            throw new CallFailed(Errno.EINVAL);
        long length = range.end() == Long.MAX_VALUE ? 0 : range.end() - range.start() + 1;
        return new FileLock(range.type(), range.start(), length, 0);
    }

    FileResult.Lock test(Call call, FileOperation.TestLock o) throws CallFailed {
        OpenHandle handle = call.use(o.handle());
        try {
            synchronized (this) {
                Description own = descriptions.get(new Owner(call.view(), handle.inode, o.owner()));
                // a description without locks of its own sees those of everybody else
                if (own != null && own.isOnlyAskedFor()) own = null;
                int descriptor = own != null ? own.descriptor : describe(call, handle);
                try {
                    return switch (lock(o.range()).inTheWay(descriptor)) {
                        case FileLock.Result.Failed(int errno) -> throw new CallFailed(errno);
                        case FileLock.Result.Found(FileLock found) ->
                            new FileResult.Lock(new LockRange(
                                    found.type(),
                                    found.start(),
                                    found.length() == 0 ? Long.MAX_VALUE : found.start() + found.length() - 1,
                                    found.pid() > 0 ? found.pid() : otherPid(handle.inode, own)));
                    };
                } finally {
                    if (own == null) Close.close(descriptor);
                }
            }
        } finally {
            handle.leave();
        }
    }

    /// The kernel does not say who holds a lock of a description: it is one of the others of that inode.
    private int otherPid(Inode inode, Description own) {
        for (var entry : descriptions.entrySet())
            if (entry.getKey().inode.identity().equals(inode.identity()) && entry.getValue() != own)
                return entry.getValue().pid;
        return 0;
    }

    /// A file was closed by an owner: its locks of fcntl(2) on it are gone.
    void closed(NodeView view, Inode inode, long owner) {
        Description description;
        synchronized (this) {
            description = descriptions.remove(new Owner(view, inode, owner));
        }
        if (description == null) return;
        description.close();
        waiters.wake(inode);
    }

    void guestEnded(GuestKey guest) {
        if (close(description -> description.guest.equals(guest))) waiters.retryAll();
    }

    /// Returns whether there were some.
    private boolean close(Predicate<Description> which) {
        List<Description> closed = new ArrayList<>(0);
        synchronized (this) {
            descriptions.values().removeIf(description -> which.test(description) && closed.add(description));
        }
        closed.forEach(Description::close);
        return !closed.isEmpty();
    }

    /// A handle was closed, and with it perhaps a lock of flock(2). Who had locks of fcntl(2) by it has said that
    /// he closed it; an open file that had some itself (F_OFD_SETLK) is gone without a word.
    void released(OpenHandle handle) {
        if (handle.locked) close(description -> description.handle == handle);
        waiters.wake(handle.inode);
    }
}
