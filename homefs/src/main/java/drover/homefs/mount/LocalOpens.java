package drover.homefs.mount;

import drover.linux.syscall.Errno;
import drover.linux.syscall.Open;
import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.protocol.file.Caller;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileReply;
import drover.protocol.file.FileResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;

/// Opens for reading that this node answers by itself: of files that anybody may read, whose attributes home
/// has promised to take back, and whose pages the kernel has. Most of them are programs and libraries, and
/// nothing is ever asked of their handles that the kernel could not answer. If something is, home is asked to
/// open the file then, once for each guest and file.
///
/// A handle says whose it is, so that a later daemon of this node can serve it, too.
///
/// Thread rule: any thread.
final class LocalOpens {
    private static final long LOCAL = 1L << 63;
    /// In a handle: the file is run.
    private static final long RUN = 1L << 62;
    private static final int EPOCH_BITS = 16;
    private static final long MAX_JOB = 1L << 46;
    private static final int O_LARGEFILE = 0x8000;

    /// What makes no difference to who may read, and to what is read.
    private static final int HARMLESS =
            Open.O_CLOEXEC | Open.O_NOCTTY | Open.O_NONBLOCK | Open.O_NOFOLLOW | Open.FMODE_EXEC | O_LARGEFILE;

    /// @param handle the guest's
    /// @param lockOwner of a lock of flock(2), which is the open file's own: it has a handle of its own; else 0
    private record Key(long node, long handle, long lockOwner) {
        /// Written out, as in other keys of what each request looks up: what a record has instead is slow until it
        /// is compiled, and long in compiling.
        @Override
        public boolean equals(Object other) {
            return other instanceof Key that
                    && node == that.node
                    && handle == that.handle
                    && lockOwner == that.lockOwner;
        }

        @Override
        public int hashCode() {
            return Long.hashCode((node * 31 + handle) * 31 + lockOwner);
        }
    }

    /// What one guest has open of one file.
    private static final class Opened {
        int opens;
        /// Home's; 0 while there is none.
        long handle;
        boolean asked;
        boolean released;
        final List<Then> waiting = new ArrayList<>(0);
    }

    /// What to do with home's handle.
    interface Then {
        /// Goes on.
        ///
        /// @param errno 0, or why there is no handle
        void go(long handle, int errno);
    }

    private final NodeId home;
    private final Conversation conversation;
    private final OpenHandles handles;
    private final KnownNodes nodes;
    private final LongConsumer release;
    private final Map<Key, Opened> opened = new HashMap<>();

    /// @param release gives a handle back to home
    LocalOpens(NodeId home, Conversation conversation, OpenHandles handles, KnownNodes nodes, LongConsumer release) {
        this.release = release;
        this.home = home;
        this.conversation = conversation;
        this.handles = handles;
        this.nodes = nodes;
    }

    /// Those that are open by such handles.
    synchronized Set<Long> nodes() {
        Set<Long> nodes = new HashSet<>();
        for (Key key : opened.keySet()) nodes.add(key.node);
        return nodes;
    }

    static boolean isLocal(long handle) {
        return handle < 0;
    }

    static boolean reads(FileOperation.Open open) {
        return (open.flags() & ~HARMLESS) == Open.O_RDONLY;
    }

    static boolean truncates(FileOperation.Open open) {
        return (open.flags() & Open.O_TRUNC) != 0;
    }

    /// Whether home need not be asked to open it. The kernel has checked the caller's rights by the file's
    /// mode.
    boolean mayOpen(FileOperation.Open open) {
        if (!reads(open)) return false;
        KnownNode node = nodes.get(open.node());
        return node != null && node.isOpenToAll();
    }

    /// A handle for the guest; 0 if there can be none.
    long open(FileOperation.Open open, GuestKey guest) {
        long job = guest.job().number();
        if (job >= MAX_JOB || guest.epoch() >= 1 << EPOCH_BITS) return 0;
        long run = (open.flags() & Open.FMODE_EXEC) == 0 ? 0 : RUN;
        long handle = LOCAL | run | job << EPOCH_BITS | guest.epoch();
        synchronized (this) {
            opened.computeIfAbsent(new Key(open.node(), handle, 0), key -> new Opened()).opens++;
        }
        return handle;
    }

    private GuestKey guestOf(long handle) {
        long job = (handle & ~(LOCAL | RUN)) >>> EPOCH_BITS;
        int epoch = (int) (handle & (1 << EPOCH_BITS) - 1);
        return new GuestKey(new JobId(home, job), epoch);
    }

    /// Home's handle for a local one, or 0 if it was not needed so far.
    synchronized long homes(long node, long handle) {
        Opened known = opened.get(new Key(node, handle, 0));
        return known == null ? 0 : known.handle;
    }

    /// Has home open the file if it has not yet, then goes on.
    ///
    /// @param lockOwner if it is about a lock of flock(2), else 0
    void withHomes(long node, long handle, long lockOwner, Then then) {
        withHomes(new Key(node, handle, lockOwner), then);
    }

    private void withHomes(Key key, Then then) {
        long known;
        boolean ask;
        synchronized (this) {
            Opened file = opened.computeIfAbsent(key, k -> new Opened());
            known = file.handle;
            if (known == 0) file.waiting.add(then);
            ask = known == 0 && !file.asked;
            file.asked |= ask;
        }
        if (known != 0) then.go(known, 0);
        else if (ask) ask(key);
    }

    private void ask(Key key) {
        Caller caller =
                Caller.of(guestOf(key.handle), 0, 0); // home takes root, of an ordinary user's job, for that user
        int flags = Open.O_RDONLY | ((key.handle & RUN) == 0 ? 0 : Open.FMODE_EXEC);
        conversation.ask(new FileOperation.Open(key.node, flags, false, 0), caller, reply -> {
            switch (reply) {
                case FileReply.Done(
                        long _,
                        FileResult.Opened(long handle, var _, var prefetched, boolean _, boolean _)) -> {
                    prefetched.release();
                    handles.opened(handle, key.node, flags, false, caller);
                    answered(key, handle, 0);
                }
                case FileReply.Failed(long _, int errno, var _) -> answered(key, 0, errno);
                case FileReply.Done _ -> answered(key, 0, Errno.EIO);
            }
        });
    }

    private void answered(Key key, long handle, int errno) {
        List<Then> waiting;
        boolean released;
        synchronized (this) {
            Opened file = opened.computeIfAbsent(key, k -> new Opened());
            file.handle = handle;
            file.asked = false;
            waiting = List.copyOf(file.waiting);
            file.waiting.clear();
            released = file.released;
            if (released || errno != 0) opened.remove(key);
        }
        for (Then then : waiting) then.go(handle, errno);
        if (released && handle != 0) release.accept(handle);
    }

    /// One of the guest's handles on the file is closed, and with it the lock of flock(2) that was on it.
    ///
    /// @param lockOwner of such a lock, or 0
    void released(long node, long handle, long lockOwner) {
        long[] homes = new long[2];
        synchronized (this) {
            if (lockOwner != 0) homes[0] = dropped(new Key(node, handle, lockOwner));
            homes[1] = dropped(new Key(node, handle, 0));
        }
        for (long each : homes) if (each != 0) release.accept(each);
    }

    private long dropped(Key key) {
        Opened file = opened.get(key);
        if (file == null || --file.opens > 0) return 0;
        file.released = true;
        if (file.asked) return 0;
        opened.remove(key);
        return file.handle;
    }

    /// The file may lose its name, or be open to fewer than before, or be written: has home open it for all who have
    /// it open here, so that they keep it, and home knows who runs it.
    void secure(long node, Runnable done) {
        secure(id -> id == node, done);
    }

    /// The same of many files.
    void secure(LongPredicate nodes, Runnable done) {
        List<Key> keys;
        synchronized (this) {
            keys = opened.entrySet().stream()
                    .filter(entry -> entry.getValue().handle == 0 && nodes.test(entry.getKey().node))
                    .map(Map.Entry::getKey)
                    .toList();
        }
        if (keys.isEmpty()) {
            done.run();
            return;
        }
        int[] left = {keys.size()};
        for (Key key : keys)
            withHomes(key, (handle, errno) -> {
                synchronized (left) {
                    if (--left[0] > 0) return;
                }
                done.run();
            });
    }

    /// The same call on home's handle.
    static FileOperation onHomes(FileOperation operation, long handle) {
        return switch (operation) {
            case FileOperation.Read o -> new FileOperation.Read(handle, o.offset(), o.length());
            case FileOperation.Seek o -> new FileOperation.Seek(handle, o.offset(), o.whence());
            case FileOperation.Sync o -> new FileOperation.Sync(handle, o.dataOnly());
            case FileOperation.Flush o -> new FileOperation.Flush(handle, o.lockOwner());
            case FileOperation.TestLock o -> new FileOperation.TestLock(handle, o.owner(), o.range());
            case FileOperation.SetLock o ->
                new FileOperation.SetLock(handle, o.owner(), o.range(), o.flock(), o.waits());
            case FileOperation.CopyRange o ->
                new FileOperation.CopyRange(handle, o.fromOffset(), o.to(), o.toOffset(), o.length());
            default -> throw new IllegalArgumentException("no call on a file that is open for reading: " + operation);
        };
    }
}
