package drover.daemon.control;

import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.job.JobMessage;
import drover.protocol.job.JobMessage.Session;
import drover.protocol.job.JobMessage.StartGuest;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Nodes that do what the test says: records what home sends them.
final class ScriptedNodes implements GuestNodes {
    record Sent(NodeId node, JobMessage message) {}

    private final Set<NodeId> down = ConcurrentHashMap.newKeySet();
    private final Set<NodeId> connected = ConcurrentHashMap.newKeySet();
    private volatile boolean listens = true;
    /// Guests that were known before any node could ask for one.
    private Set<GuestKey> aliveBefore = Set.of();
    private final LinkedBlockingQueue<Sent> sent = new LinkedBlockingQueue<>();

    void setDown(NodeId node) {
        down.add(node);
    }

    @Override
    public boolean isUp(NodeId node) {
        return !down.contains(node);
    }

    @Override
    public boolean canMoveGuests(NodeId node) {
        return true;
    }

    @Override
    public void connect(NodeId node) {
        if (!listens) throw new IllegalStateException("links are asked for before there can be any");
        connected.add(node);
    }

    /// The next home takes long until it can dial.
    void listenLate() {
        connected.clear();
        listens = false;
    }

    void listen(LiveGuests live) throws InterruptedException {
        if (!listens) {
            Thread.sleep(300); // whoever would not wait for the start has tried by then
            aliveBefore = Stream.of("n2", "n3")
                    .flatMap(name -> live.on(new NodeId(name)).stream())
                    .collect(Collectors.toSet());
        }
        listens = true;
    }

    Set<GuestKey> aliveBefore() {
        return aliveBefore;
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
                        s.nodeNetwork(),
                        s.spec().copy());
            case Session s -> new Session(s.guest(), s.frame().copy());
            default -> message;
        };
        if (!down.contains(node)) sent.add(new Sent(node, kept));
    }

    /// The next message of that kind; others are passed over.
    <M extends JobMessage> Sent await(Class<M> kind) throws InterruptedException {
        while (true) {
            Sent next = sent.poll(20, TimeUnit.SECONDS);
            if (next == null) throw new AssertionError("home sent no " + kind.getSimpleName());
            if (kind.isInstance(next.message)) return next;
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
