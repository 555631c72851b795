package drover.homefs.server;

import drover.homefs.server.NodeView.Call;
import drover.linux.syscall.Close;
import drover.linux.syscall.Errno;
import drover.linux.syscall.FileLock;
import drover.linux.syscall.Flock;
import drover.linux.syscall.Open;
import drover.model.GuestKey;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileResult;
import drover.protocol.file.LockRange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// Locks of guests, as real locks on home's files, so that programs at home and guests on all nodes see each
/// other's. A lock of fcntl(2) belongs to its owner: each (node, inode, owner) has an open file description of
/// its own for it. A lock of flock(2) belongs to the open file: it is taken on the handle's.
final class LockTable {
    /// How many calls may wait for locks; more are told that they would deadlock.
    private static final int MAX_WAITING = 4_096;

    private static final long FIRST_INDEX_LOCK = 120;
    private static final long LAST_INDEX_LOCK = 128;

    private record Owner(NodeView view, Inode inode, long owner) {}

    private static final class Description {
        final int descriptor;
        final GuestKey guest;
        /// Of the last lock: that of an open file (F_OFD_SETLK) has no other.
        OpenHandle handle;
        int pid;

        Description(int descriptor, GuestKey guest) {
            this.descriptor = descriptor;
            this.guest = guest;
        }
    }

    /// A call that waits: tried again when a lock of the inode is released here, and now and then for those at
    /// home.
    record Waiting(NodeView view, long callId, Inode inode, Runnable again, Consumer<Integer> fail) {}

    private final ProcSelf procSelf;
    private final Map<Owner, Description> descriptions = new HashMap<>();
    private final List<Waiting> waiting = new ArrayList<>();
    private final Runnable retrySoon;
    private boolean retryIsDue;

    /// @param retrySoon sees to it that [#retryAll] is called in a moment; asked only while somebody waits, so
    ///     that an idle
    ///     home is not woken for nothing
    LockTable(ProcSelf procSelf, Runnable retrySoon) {
        this.procSelf = procSelf;
        this.retrySoon = retrySoon;
    }

    /// Takes or releases a lock. Throws EAGAIN if another is in the way.
    void set(Call call, FileOperation.SetLock o) throws CallFailed {
        OpenHandle handle = call.use(o.handle());
        try {
            if (o.flock()) flock(handle, o.range().type());
            else posix(call, handle, o);
            if (o.range().type() != LockRange.WRITE) wake(handle.inode);
        } finally {
            handle.leave();
        }
    }

    private static void flock(OpenHandle handle, int type) throws CallFailed {
        int operation = switch (type) {
            case LockRange.READ -> Flock.LOCK_SH;
            case LockRange.WRITE -> Flock.LOCK_EX;
            case LockRange.NONE -> Flock.LOCK_UN;
            default -> throw new CallFailed(Errno.EINVAL);
        };
        CallFailed.check(Flock.flock(handle.descriptor(), operation | Flock.LOCK_NB));
        handle.flocked = type != LockRange.NONE;
    }

    /// Whether a guest may hold locks of fcntl(2): it has taken some, and nothing closed their files since.
    synchronized boolean hasAny(GuestKey guest) {
        return descriptions.values().stream().anyMatch(description -> description.guest.equals(guest));
    }

    private void posix(Call call, OpenHandle handle, FileOperation.SetLock o) throws CallFailed {
        Owner owner = new Owner(call.view(), handle.inode, o.owner());
        synchronized (this) {
            Description description = descriptions.get(owner);
            if (description == null) {
                if (o.range().type() == LockRange.NONE) return;
                description = new Description(describe(call, handle), handle.guest);
                if (isWriteAheadIndex(handle.inode, o.range()) && isSharedElsewhere(owner, description)) {
                    Close.close(description.descriptor);
                    throw new CallFailed(Errno.EAGAIN);
                }
                descriptions.put(owner, description);
            }
            description.pid = o.range().pid();
            description.handle = handle;
            handle.locked = true;
            CallFailed.check(lock(o.range()).set(description.descriptor));
        }
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
        for (Owner other : descriptions.keySet()) {
            if (!other.inode.identity().equals(owner.inode.identity())) continue;
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
        Close.close(description.descriptor);
        wake(inode);
    }

    void guestEnded(GuestKey guest) {
        List<Integer> close = new ArrayList<>();
        synchronized (this) {
            descriptions.values().removeIf(description -> {
                if (!description.guest.equals(guest)) return false;
                close.add(description.descriptor);
                return true;
            });
        }
        for (int descriptor : close) Close.close(descriptor);
        if (!close.isEmpty()) retryAll();
    }

    /// A handle was closed, and with it perhaps a lock of flock(2). Who had locks of fcntl(2) by it has said that
    /// he closed it; an open file that had some itself (F_OFD_SETLK) is gone without a word.
    void released(OpenHandle handle) {
        List<Integer> close = new ArrayList<>(0);
        if (handle.locked)
            synchronized (this) {
                descriptions.values().removeIf(description -> {
                    if (description.handle != handle) return false;
                    close.add(description.descriptor);
                    return true;
                });
            }
        for (int descriptor : close) Close.close(descriptor);
        wake(handle.inode);
    }

    void await(Waiting call) throws CallFailed {
        synchronized (waiting) {
            if (waiting.size() >= MAX_WAITING) throw new CallFailed(Errno.EDEADLK);
            waiting.add(call);
            if (retryIsDue) return;
            retryIsDue = true;
        }
        retrySoon.run();
    }

    /// The guest was interrupted.
    void cancel(NodeView view, long callId) {
        Waiting found = null;
        synchronized (waiting) {
            for (Waiting call : waiting) if (call.view == view && call.callId == callId) found = call;
            waiting.remove(found);
        }
        if (found != null) found.fail.accept(Errno.EINTR);
    }

    private void wake(Inode inode) {
        List<Waiting> again = new ArrayList<>(0);
        synchronized (waiting) {
            if (waiting.isEmpty()) return;
            waiting.removeIf(call -> call.inode.identity().equals(inode.identity()) && again.add(call));
        }
        for (Waiting call : again) call.again.run();
    }

    /// Programs at home release locks, too, and tell nobody.
    void retryAll() {
        List<Waiting> again;
        synchronized (waiting) {
            retryIsDue = false;
            if (waiting.isEmpty()) return;
            again = new ArrayList<>(waiting);
            waiting.clear();
        }
        for (Waiting call : again) call.again.run();
    }
}
