package drover.homefs.mount;

import drover.linux.fuse.FuseDevice;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Bounds how many inodes of a home this node's kernel knows. Each costs memory here and at home, and the kernel
/// itself forgets none before it is short of its own. Beyond the bound it is asked to forget a quarter of them, any
/// that nobody uses.
///
/// Thread rule: any thread; the kernel is asked on a thread of its own, since it may have that wait for a directory
/// that a guest is changing.
final class Pruning implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Pruning.class);
    private static final long LEAST = 256;

    /// So long the kernel may take to say what it has forgotten, until more is asked for; and longer and longer
    /// while it forgets nothing, since all is in use.
    private static final long PAUSE_MILLIS = 200;

    private static final long LONGEST_PAUSE_MILLIS = 30_000;

    private final FuseDevice device;
    private final KnownNodes nodes;
    private final OpenHandles handles;
    private final LocalOpens locals;
    private final int all;
    private final ThreadPoolExecutor thread;
    private volatile long own;
    private volatile long homes = Long.MAX_VALUE;
    private volatile boolean byName;
    private boolean running;

    /// @param most inodes that this node may know of all homes
    Pruning(String name, FuseDevice device, KnownNodes nodes, OpenHandles handles, LocalOpens locals, int most) {
        this.device = device;
        this.nodes = nodes;
        this.handles = handles;
        this.locals = locals;
        this.all = most;
        this.own = most;
        thread = new ThreadPoolExecutor(
                0,
                1,
                1,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Thread.ofPlatform().name(name).daemon().factory());
        thread.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    }

    /// Home says how many this node may know.
    void atMost(long most) {
        homes = Math.max(LEAST, most);
        grown();
    }

    void isOneOf(int mounts) {
        own = all / Math.max(1, mounts);
        grown();
    }

    /// The kernel cannot be asked to forget what nobody uses, only to forget names.
    void byName() {
        byName = true;
    }

    /// How many the kernel may know.
    long most() {
        return Math.min(own, homes);
    }

    void grown() {
        if (nodes.size() <= most()) return;
        synchronized (this) {
            if (running) return;
            running = true;
        }
        thread.execute(this::prune);
    }

    private void prune() {
        try {
            long pause = PAUSE_MILLIS;
            for (int before = nodes.size(); before > most(); before = nodes.size()) {
                try {
                    pruneOnce(most());
                } catch (RuntimeException e) {
                    log.error("the kernel could not be asked to forget inodes", e);
                }
                Thread.sleep(pause);
                pause = nodes.size() < before ? PAUSE_MILLIS : Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
            return;
        } finally {
            synchronized (this) {
                running = false;
            }
        }
        grown();
    }

    private void pruneOnce(long most) throws InterruptedException {
        long surplus = nodes.size() - most + most / 4;
        List<KnownNode> files = closed(false, surplus);
        forget(files);
        // directories can go when what was in them has gone
        if (files.size() < surplus && !byName) forget(closed(true, surplus - files.size()));
    }

    /// Some of those that are not open.
    private List<KnownNode> closed(boolean directories, long count) {
        Set<Long> open = new HashSet<>(locals.nodes());
        for (KnownHandle handle : handles.all()) open.add(handle.node);
        List<KnownNode> closed = new ArrayList<>();
        for (KnownNode node : nodes.each()) {
            if (closed.size() >= count) break;
            if (node.isDirectory == directories && node.id != KnownNodes.ROOT && !open.contains(node.id))
                closed.add(node);
        }
        return closed;
    }

    private void forget(List<KnownNode> victims) throws InterruptedException {
        for (int from = 0; from < victims.size(); from += FuseDevice.MOST_PRUNED) {
            List<KnownNode> some = victims.subList(from, Math.min(victims.size(), from + FuseDevice.MOST_PRUNED));
            if (Thread.interrupted()) throw new InterruptedException();
            if (byName)
                for (KnownNode node : some)
                    device.dropEntry(node.parent(), node.name().array());
            else device.prune(some.stream().map(node -> node.id).toList());
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
