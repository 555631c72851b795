package drover.daemon.membership;

import drover.daemon.membership.wire.LinkObserver;
import drover.daemon.membership.wire.LinkTls;
import drover.daemon.membership.wire.MemberAddress;
import drover.daemon.membership.wire.TlsTransport;
import drover.model.NodeId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jgroups.Address;
import org.jgroups.BytesMessage;
import org.jgroups.JChannel;
import org.jgroups.Message;
import org.jgroups.Receiver;
import org.jgroups.View;
import org.jgroups.util.ExtendedUUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// This node's part in the cluster's group: who is there, and messages to them.
///
/// No minority ever shuts itself down: each side of a split goes on with the members it sees, and the sides
/// merge when they can (each home is the only authority for its own jobs, so nothing else needs a majority).
///
/// Thread rule: all methods may be called from any thread; receivers run on the group's threads and must not
/// block, listeners run in order on one thread of their own.
public final class Membership implements AutoCloseable {
    /// Largest message, in bytes: messages of the group are small facts; anything larger belongs to the data plane.
    public static final int MESSAGE_LIMIT_BYTES = 48 * 1024;

    /// Topic of the messages that the membership itself sends; others are free from 1 on.
    private static final byte OWN_TOPIC = 0;

    private static final byte[] FAREWELL = {1};
    private static final byte[] CONFIRMED = {2};

    private static final Logger LOG = LoggerFactory.getLogger(Membership.class);

    /// Receives the messages of one topic.
    @FunctionalInterface
    public interface TopicReceiver {
        void received(NodeId from, byte[] message);
    }

    private final MembershipConfig config;
    private final PeerFile peers;
    private final Roster roster;
    private final JChannel channel;
    private final TlsTransport transport;
    /// Held while what is known of the members changes, in memory and in the file, so that both say the same.
    private final Object known = new Object();

    private final ListenerQueue events = new ListenerQueue();
    private final List<MembershipListener> listeners = new CopyOnWriteArrayList<>();
    private final Map<Byte, TopicReceiver> receivers = new ConcurrentHashMap<>();
    private volatile CountDownLatch farewells = new CountDownLatch(0);

    public Membership(MembershipConfig config, LinkTls tls, PeerFile peers, InstantSource clock) throws Exception {
        this.config = Objects.requireNonNull(config);
        this.peers = Objects.requireNonNull(peers);
        MemberAddress self = new MemberAddress(config.self(), config.control(), config.data());
        this.roster = new Roster(config.self(), peers.all(), clock);
        this.transport = new TlsTransport(config.listenOn(), self, tls, config.transport(), new Links());
        Instant started = clock.instant();
        this.channel = GroupStack.channel(config, transport, this::knownPeers);
        channel.setName(config.self().name());
        channel.addAddressGenerator(() -> self.toGroupAddress(started));
        channel.setDiscardOwnMessages(true);
        channel.setReceiver(new GroupReceiver());
        transport.hearFacts((_, node, framed) -> hear(node, framed, 0, framed.length));
    }

    /// Joins the cluster; returns when this node is a member of a view, its own alone if nobody else was found
    /// in time.
    public void start() throws Exception {
        events.start(this::deliver);
        channel.connect(config.cluster());
    }

    /// All nodes of the cluster this node knows, itself included, by name.
    public SortedSet<Member> members() {
        return roster.all();
    }

    /// What this node knows of another.
    public Optional<Member> member(NodeId node) {
        return roster.get(node);
    }

    /// Where a node's data plane is reached.
    public Optional<InetSocketAddress> dataAddress(NodeId node) {
        return roster.get(node).map(Member::data);
    }

    public void listen(MembershipListener listener) {
        listeners.add(Objects.requireNonNull(listener));
    }

    /// Registers the receiver of a topic; topics are 1 to 127.
    public void receive(int topic, TopicReceiver receiver) {
        if (receivers.putIfAbsent(checkedTopic(topic), receiver) != null)
            throw new IllegalStateException("topic " + topic + " has a receiver already");
    }

    /// Sends reliably and in order to one member. False if it is none, or if this node has left.
    public boolean send(NodeId to, int topic, byte[] message) {
        return sendTo(to, checkedTopic(topic), message);
    }

    /// Sends once, without acknowledgement: for facts that a newer one will replace. False if that node is none.
    public boolean sendOnce(NodeId to, int topic, byte[] message) {
        Optional<Address> address = roster.address(to);
        address.ifPresent(known -> transport.tell(known, framed(checkedTopic(topic), message)));
        return address.isPresent();
    }

    /// Has the group's thread do this once a second while this node is a member. It must not block.
    public void eachSecond(Runnable task) {
        transport.eachBeat(task);
    }

    /// Sends reliably to all members of the current view but this node. False if this node has left.
    public boolean broadcast(int topic, byte[] message) {
        return transmit(frame(null, checkedTopic(topic), message));
    }

    /// Closes all links to peers whose certificate `which` accepts, as when it was revoked. New ones are
    /// refused by the TLS context.
    public void disconnect(Predicate<X509Certificate> which) {
        transport.cut(which);
    }

    /// Forgets a node that will not come back: in the file of known peers first, so that who sees it gone may
    /// rely on that.
    public void forget(NodeId node) {
        synchronized (known) {
            try {
                peers.forget(node);
            } catch (IOException e) {
                LOG.warn("{} stays in the file of known peers: {}", node, e.toString());
            }
            if (roster.forget(node)) events.add(new MembershipEvent.Left(node));
        }
    }

    /// Leaves the cluster for good: all members forget this node, those that are not there now when they are
    /// told to (`forget`). Returns when all have confirmed, or after three seconds. Nothing can be sent
    /// afterwards.
    public void leave() throws InterruptedException {
        List<NodeId> others = roster.all().stream()
                .filter(member ->
                        member.state() == MemberState.UP && !member.node().equals(config.self()))
                .map(Member::node)
                .toList();
        farewells = new CountDownLatch(others.size());
        for (NodeId other : others) if (!sendTo(other, OWN_TOPIC, FAREWELL)) farewells.countDown();
        if (!farewells.await(3, TimeUnit.SECONDS))
            LOG.warn("{} of {} members did not confirm that this node leaves", farewells.getCount(), others.size());
        close();
    }

    /// Bytes sent to other members before encryption, since the start.
    public long sentByteCount() {
        return transport.sentByteCount();
    }

    /// Leaves the group; the others list this node as down until it starts again.
    @Override
    public void close() {
        channel.close();
        events.close();
    }

    private static byte checkedTopic(int topic) {
        if (topic < 1 || topic > 127) throw new IllegalArgumentException("topic must be 1 to 127, got " + topic);
        return (byte) topic;
    }

    private boolean sendTo(NodeId to, byte topic, byte[] message) {
        return roster.address(to)
                .map(address -> transmit(frame(address, topic, message)))
                .orElse(false);
    }

    private static Message frame(Address to, byte topic, byte[] message) {
        return new BytesMessage(to, framed(topic, message));
    }

    private static byte[] framed(byte topic, byte[] message) {
        if (message.length > MESSAGE_LIMIT_BYTES)
            throw new IllegalArgumentException(
                    "a message must be at most " + MESSAGE_LIMIT_BYTES + " bytes, got " + message.length);
        byte[] framed = new byte[message.length + 1];
        framed[0] = topic;
        System.arraycopy(message, 0, framed, 1, message.length);
        return framed;
    }

    private boolean transmit(Message message) {
        try {
            channel.send(message);
            return true;
        } catch (Exception e) {
            LOG.debug("not sent: {}", e.toString());
            return false;
        }
    }

    private Collection<InetSocketAddress> knownPeers() {
        return peers.all().values().stream().map(PeerFile.Peer::control).toList();
    }

    private final class Links implements LinkObserver {
        @Override
        public void linkBegan(Address peer) {
            roster.linkBegan(peer);
        }

        @Override
        public void lastLinkEnded(Address peer) {
            MemberAddress.of(peer).ifPresent(member -> events.addAll(roster.linksEnded(peer, member.node())));
        }

        @Override
        public void refused(InetSocketAddress address) {
            events.addAll(roster.refused(address));
        }
    }

    private void deliver(MembershipEvent event) {
        for (MembershipListener listener : listeners) {
            try {
                listener.changed(event);
            } catch (RuntimeException e) {
                LOG.error("a listener failed on {}", event, e);
            }
        }
    }

    private final class GroupReceiver implements Receiver {
        @Override
        public void viewAccepted(View view) {
            LOG.info("view of {} members: {}", view.size(), view.getMembers());
            synchronized (known) {
                events.addAll(roster.accept(view));
                try {
                    peers.learn(roster.peersOf(view));
                } catch (IOException e) {
                    LOG.warn("known peers not saved, they are looked for again next time: {}", e.toString());
                }
            }
        }

        @Override
        public void receive(Message message) {
            byte[] framed = message.getArray();
            if (framed == null) return;
            MemberAddress.of(message.getSrc())
                    .ifPresent(from -> hear(from.node(), framed, message.getOffset(), message.getLength()));
        }
    }

    private void hear(NodeId node, byte[] framed, int start, int length) {
        if (length < 1) return;
        byte topic = framed[start];
        byte[] body = Arrays.copyOfRange(framed, start + 1, start + length);
        if (topic == OWN_TOPIC) {
            handleOwn(node, body);
            return;
        }
        TopicReceiver receiver = receivers.get(topic);
        if (receiver == null) LOG.debug("nobody receives topic {} from {}", topic, node);
        else receiver.received(node, body);
    }

    private void handleOwn(NodeId from, byte[] body) {
        if (Arrays.equals(body, FAREWELL)) {
            LOG.info("{} leaves the cluster", from);
            Optional<Address> back = roster.address(from); // forgotten with the rest
            forget(from);
            boolean confirmed = back.map(address -> transmit(frame(address, OWN_TOPIC, CONFIRMED)))
                    .orElse(false);
            LOG.debug("told {} that it is forgotten: {}", from, confirmed);
        } else if (Arrays.equals(body, CONFIRMED)) {
            farewells.countDown();
        }
    }

    /// Of two group addresses of one node, whether the first belongs to a later start.
    static boolean isLater(Address first, Address second) {
        return first instanceof ExtendedUUID a
                && second instanceof ExtendedUUID b
                && MemberAddress.startOf(a).isAfter(MemberAddress.startOf(b));
    }
}
