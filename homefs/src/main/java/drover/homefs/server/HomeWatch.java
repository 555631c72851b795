package drover.homefs.server;

import drover.linux.fanotify.EventGroup;
import drover.linux.fanotify.FileEvent;
import drover.linux.fanotify.FileKey;
import drover.linux.syscall.Fanotify;
import drover.protocol.file.Bytes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Watches directories of home, with fanotify(7), for what programs at home change in them. A directory is
/// watched from a moment after somebody asks whether it is. What this process itself does is no news: file
/// calls of guests tell their changes themselves.
///
/// Not noticed: stores through a shared mapping, and anything on file systems that other machines change,
/// too, which are therefore never watched.
///
/// Thread rule: any thread; events are told on a thread of its own, directories are marked on another.
final class HomeWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HomeWatch.class);

    /// Each costs the kernel some hundred bytes and keeps an inode in memory.
    static final int MAX_WATCHED = 131_072;
    /// Directories that wait to be marked; those beyond are asked for again when they are used again.
    private static final int MAX_WAITING = 1_024;

    private static final byte[] ITSELF = {'.'};
    private static final Bytes SELF = Bytes.of(".");

    private static final class Watched {
        final FileKey key;
        int holders = 1;

        Watched(FileKey key) {
            this.key = key;
        }
    }

    private final InodeDescriptors descriptors;
    private final Consumer<List<Change>> changes;
    private final Consumer<Identity> marked;
    private final int most;
    /// Null if the kernel has no such thing: then nothing is watched.
    private final EventGroup group;

    private final long pid = ProcessHandle.current().pid();
    private final Map<Identity, Watched> watched = new ConcurrentHashMap<>();
    private final Map<FileKey, Identity> byKey = new ConcurrentHashMap<>();
    private final Set<Identity> asked = ConcurrentHashMap.newKeySet();
    private final Set<Identity> refused = ConcurrentHashMap.newKeySet();
    /// Held while a directory is marked or a mark is taken back, and what is known of it with that.
    private final Object marks = new Object();
    private final ExecutorService marker;
    /// Null if nothing is watched.
    private final Cookies cookies;

    private volatile boolean closed;

    /// @param own a directory of this home's own, made if it is missing: changes in it tell how far events
    ///     were read
    /// @param changes told what has changed, in order
    /// @param marked told of a directory that is watched from now on
    /// @param most directories that are watched at once
    HomeWatch(
            Path own,
            InodeDescriptors descriptors,
            Consumer<List<Change>> changes,
            Consumer<Identity> marked,
            int most) {
        this.descriptors = descriptors;
        this.changes = changes;
        this.marked = marked;
        this.most = most;
        group = switch (EventGroup.open()) {
            case EventGroup.Opening.Opened(EventGroup opened) -> opened;
            case EventGroup.Opening.Refused(int errno) -> {
                log.warn("changes at home cannot be watched (errno {}): nodes will ask again and again", errno);
                yield null;
            }
        };
        marker = new ThreadPoolExecutor(
                1,
                1,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(MAX_WAITING),
                Thread.ofPlatform().name("files-marker").daemon().factory(),
                (task, executor) -> asked.clear());
        cookies = group == null ? null : Cookies.in(own, group);
    }

    void start() {
        if (group != null) Thread.ofPlatform().name("files-watch").daemon().start(this::watch);
    }

    boolean isWatched(Identity directory) {
        return watched.containsKey(directory);
    }

    /// Whether changes in that directory are noticed. If not, they will be in a moment, where that is possible.
    boolean covers(Inode directory) {
        if (directory.watched) return true;
        Identity identity = directory.identity();
        if (group == null || !identity.isDirectory() || refused.contains(identity)) return false;
        if (watched.containsKey(identity) && hold(directory)) return true;
        if (watched.size() < most && asked.add(identity)) marker.execute(() -> mark(directory));
        return false;
    }

    /// The same, and it is watched when this returns, where that is possible. On a thread of the server,
    /// which has the rights of root from then on.
    void coverNow(Inode directory) {
        if (!covers(directory) && group != null && watched.size() < most && !refused.contains(directory.identity()))
            mark(directory);
    }

    /// The directory is watched already, since another node knows it.
    private boolean hold(Inode directory) {
        synchronized (directory) {
            if (directory.watched) return true;
            directory.watched = heldOnceMore(directory.identity());
            return directory.watched;
        }
    }

    private boolean heldOnceMore(Identity directory) {
        return watched.computeIfPresent(directory, (identity, known) -> {
                    known.holders++;
                    return known;
                })
                != null;
    }

    private void mark(Inode directory) {
        try {
            ActingThread acting = ActingThread.own();
            acting.assumeRoot();
            if (hold(directory)) return;
            try (var pin = descriptors.pin(directory, acting)) {
                synchronized (directory) {
                    if (!directory.watched) directory.watched = markNew(directory.identity(), pin.descriptor);
                }
            }
        } catch (CallFailed e) {
            log.debug("cannot watch a directory: errno {}", e.errno);
        } finally {
            asked.remove(directory.identity());
        }
    }

    private boolean markNew(Identity directory, int descriptor) {
        FileKey key = LocalFileSystems.has(descriptor) ? FileKey.ofDescriptor(descriptor) : null;
        synchronized (marks) {
            if (heldOnceMore(directory)) return true; // by another node meanwhile
            if (key != null) byKey.put(key, directory); // before the first event
            if (key == null || group.mark(descriptor, ITSELF) < 0) {
                if (key != null) byKey.remove(key);
                if (refused.size() < MAX_WATCHED) refused.add(directory);
                return false;
            }
            marked.accept(directory); // before another node counts on it for what was looked at before
            watched.put(directory, new Watched(key));
            return true;
        }
    }

    /// A node does not know the directory any more. Call before its descriptor is dropped, on a thread that
    /// may act.
    void forgotten(Inode directory) {
        if (closed) return;
        synchronized (directory) {
            if (!directory.watched) return;
            directory.watched = false;
        }
        Watched[] last = new Watched[1];
        watched.computeIfPresent(directory.identity(), (identity, known) -> {
            if (--known.holders > 0) return known;
            last[0] = known;
            return null;
        });
        if (last[0] != null) unmark(directory, last[0].key);
    }

    private void unmark(Inode directory, FileKey key) {
        // a mark that is left keeps the directory in the kernel's memory for good
        try (var pin = descriptors.pin(directory, ActingThread.own())) {
            synchronized (marks) {
                // another node may have come to know it meanwhile
                if (watched.containsKey(directory.identity())) return;
                byKey.remove(key);
                group.unmark(pin.descriptor, ITSELF);
            }
        } catch (CallFailed e) {
            byKey.remove(key); // it was removed, and its mark with it
        }
    }

    private void watch() {
        while (!closed) {
            List<FileEvent> events = group.read();
            if (events.isEmpty()) return;
            List<Change> news = new ArrayList<>();
            Set<Change> told = new HashSet<>();
            boolean arrived = false;
            for (FileEvent event : events) {
                switch (event) {
                    case FileEvent.Overflow() -> {
                        log.warn(
                                "more has changed at home than could be followed: nodes are told to ask for all again");
                        news.add(new Change.Anything());
                        arrived = true;
                    }
                    case FileEvent.Changed changed -> {
                        if (cookies.isExpected(changed)) arrived = true;
                        else if (changed.pid() != pid)
                            translate(changed, change -> {
                                if (told.add(change)) news.add(change);
                            });
                    }
                }
            }
            if (!news.isEmpty()) changes.accept(news);
            if (arrived) cookies.arrived();
        }
    }

    private void translate(FileEvent.Changed event, Consumer<Change> news) {
        Identity directory = byKey.get(event.directory());
        if (directory == null) return;
        Bytes name = Bytes.owning(event.name());
        if (name.equals(SELF)) news.accept(new Change.Attributes(directory));
        else news.accept(new Change.Name(directory, name));
        if ((event.mask() & (Fanotify.FAN_CREATE | Fanotify.FAN_ONDIR)) == Fanotify.FAN_CREATE)
            news.accept(new Change.Made(directory, name));
    }

    /// Runs the task when all that was changed at home before this call has been told. Any thread.
    void whenTold(Runnable task) {
        if (cookies == null) task.run();
        else cookies.await(task);
    }

    @Override
    public void close() {
        closed = true;
        marker.shutdownNow();
        if (group != null) group.close();
    }
}
