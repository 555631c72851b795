package drover.daemon.membership;

import drover.model.LoadVector;
import drover.model.NodeId;
import drover.policy.load.LoadEntry;
import drover.policy.load.LoadWindow;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Spreads load vectors: each second this node's own fresh vector and the freshest others it knows go to one
/// random member.
///
/// A message has at most `MESSAGE_BYTES`, so a node sends less than 1 kB a second however large the cluster is;
/// the window is what fits, 16 to 20 entries with short names. Ages: `drover.policy.load.WindowAge`.
///
/// Thread rule: `view` from any thread; all else runs on the group's thread, and callbacks must not block it.
public final class LoadGossip implements AutoCloseable {
    /// Entries of one message.
    static final int MESSAGE_BYTES = 800;

    /// What the frame (6), TLS (22) and TCP/IP (52) add to a message.
    static final int OVERHEAD_BYTES = 80;

    static final int TOPIC = 1;
    private static final Logger LOG = LoggerFactory.getLogger(LoadGossip.class);
    private static final int MOST_ENTRIES = 64; // more never fit a message

    private final NodeId self;
    private final Membership membership;
    private final Supplier<LoadVector> ownVector;
    private final RandomGenerator random;
    private final LongSupplier nanoClock;
    private final LoadWindow window = new LoadWindow();
    private final List<Runnable> onReceipt = new CopyOnWriteArrayList<>();
    private final LongAdder sentBytes = new LongAdder();
    private volatile boolean closed;

    /// @param ownVector makes this node's vector of this moment, with a sequence that rises; called once a second
    /// @param nanoClock a clock that only runs forward, as System::nanoTime
    public LoadGossip(
            NodeId self,
            Membership membership,
            Supplier<LoadVector> ownVector,
            RandomGenerator random,
            LongSupplier nanoClock) {
        this.self = Objects.requireNonNull(self);
        this.membership = Objects.requireNonNull(membership);
        this.ownVector = Objects.requireNonNull(ownVector);
        this.random = Objects.requireNonNull(random);
        this.nanoClock = Objects.requireNonNull(nanoClock);
        membership.receive(TOPIC, this::received);
        membership.listen(event -> {
            if (event instanceof MembershipEvent.Left(NodeId node)) forget(node);
        });
    }

    /// Called after each message that brought something new.
    public void onReceipt(Runnable callback) {
        onReceipt.add(Objects.requireNonNull(callback));
    }

    /// Tells others from now on. Call once.
    public void start() {
        membership.eachSecond(this::step);
    }

    /// What is known of all nodes that are up.
    public ClusterLoad view() {
        SortedMap<NodeId, LoadEntry> known;
        synchronized (window) {
            known = window.view(nanoClock.getAsLong());
        }
        SortedMap<NodeId, LoadEntry> up = new TreeMap<>();
        for (Member member : membership.members())
            if (member.state() == MemberState.UP && known.containsKey(member.node()))
                up.put(member.node(), known.get(member.node()));
        return new ClusterLoad(up);
    }

    /// Bytes of load information this node put on the wire since the start.
    public long sentByteCount() {
        return sentBytes.sum();
    }

    private void step() {
        if (closed) return;
        LoadVector own = ownVector.get();
        byte[] message;
        synchronized (window) {
            long now = nanoClock.getAsLong();
            window.offer(self, own, Duration.ZERO, now);
            message = LoadCodec.encode(window.freshest(MOST_ENTRIES, now), MESSAGE_BYTES);
        }
        List<NodeId> others = membership.members().stream()
                .filter(member ->
                        member.state() == MemberState.UP && !member.node().equals(self))
                .map(Member::node)
                .toList();
        if (others.isEmpty()) return;
        NodeId to = others.get(random.nextInt(others.size()));
        if (membership.sendOnce(to, TOPIC, message)) sentBytes.add(message.length + OVERHEAD_BYTES);
        else LOG.debug("load not told to {}", to);
    }

    private void received(NodeId from, byte[] message) {
        SequencedMap<NodeId, LoadEntry> entries;
        try {
            entries = LoadCodec.decode(message);
        } catch (IllegalArgumentException e) {
            LOG.warn("dropped load entries from {}: {}", from, e.getMessage());
            return;
        }
        boolean anyNew = false;
        synchronized (window) {
            long now = nanoClock.getAsLong();
            for (var entry : entries.entrySet()) {
                if (entry.getKey().equals(self)) continue;
                anyNew |= window.offer(
                        entry.getKey(),
                        entry.getValue().vector(),
                        entry.getValue().age(),
                        now);
            }
        }
        if (anyNew) onReceipt.forEach(Runnable::run);
    }

    private void forget(NodeId node) {
        synchronized (window) {
            window.forget(node);
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}
