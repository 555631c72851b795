package drover.daemon.control;

import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.job.JobMessage;
import drover.protocol.job.JobMessage.Session;
import drover.protocol.job.JobMessage.StartGuest;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// Nodes that do what the test says: records what home sends them.
final class ScriptedNodes implements GuestNodes {
    record Sent(NodeId node, JobMessage message) {}

    private final Set<NodeId> down = ConcurrentHashMap.newKeySet();
    private final Set<NodeId> connected = ConcurrentHashMap.newKeySet();
    private final LinkedBlockingQueue<Sent> sent = new LinkedBlockingQueue<>();
    private volatile boolean diallable;

    void setDown(NodeId node) {
        down.add(node);
    }

    void setUp(NodeId node) {
        down.remove(node);
    }

    @Override
    public boolean isUp(NodeId node) {
        return !down.contains(node);
    }

    /// As a daemon that does not listen yet dials nobody.
    void setDiallable(boolean value) {
        diallable = value;
        if (!value) connected.clear();
    }

    @Override
    public boolean canMoveGuests(NodeId node) {
        return true;
    }

    @Override
    public void connect(NodeId node) {
        if (!diallable) throw new IllegalStateException(node + " cannot be dialled yet");
        connected.add(node);
    }

    void awaitConnected(Set<NodeId> wanted) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!connected.containsAll(wanted)) {
            if (System.nanoTime() - deadline > 0)
                throw new AssertionError("home dials " + connected + ", not " + wanted);
            Thread.sleep(10);
        }
    }

    @Override
    public void send(NodeId node, JobMessage message) {
        JobMessage kept = switch (message) {
            case StartGuest s ->
                new StartGuest(
                        s.guest(),
                        s.credentials(),
                        s.memoryLimitBytes(),
                        s.network(),
                        s.neverMoves(),
                        s.spec().copy());
            case Session s -> new Session(s.guest(), s.frame().copy());
            default -> message;
        };
        if (!down.contains(node)) sent.add(new Sent(node, kept));
    }

    /// The next message of that kind; others are passed over.
    <M extends JobMessage> Sent await(Class<M> kind) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (true) {
            Sent next = sent.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (next == null) throw new AssertionError("home sent no " + kind.getSimpleName());
            if (kind.isInstance(next.message)) return next;
        }
    }

    /// Whether nothing of that kind is sent for so long, whatever else is.
    boolean isQuietFor(Duration time, Class<? extends JobMessage> kind) throws InterruptedException {
        long deadline = System.nanoTime() + time.toNanos();
        while (true) {
            Sent next = sent.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (next == null) return true;
            if (kind.isInstance(next.message)) return false;
        }
    }

    /// Whether nothing of that kind is sent for a while.
    boolean isQuiet(Class<? extends JobMessage> kind) throws InterruptedException {
        for (Sent next = sent.poll(300, TimeUnit.MILLISECONDS);
                next != null;
                next = sent.poll(300, TimeUnit.MILLISECONDS)) if (kind.isInstance(next.message)) return false;
        return true;
    }

    Sent awaitStart() throws InterruptedException {
        return await(StartGuest.class);
    }

    static GuestKey guest(Sent start) {
        return ((StartGuest) start.message()).guest();
    }
}
