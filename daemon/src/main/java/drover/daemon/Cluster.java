package drover.daemon;

import drover.daemon.config.DaemonConfig;
import drover.daemon.config.DaemonConfig.Places;
import drover.daemon.membership.LoadGossip;
import drover.daemon.membership.MemberState;
import drover.daemon.membership.Membership;
import drover.daemon.membership.MembershipConfig;
import drover.daemon.membership.MembershipEvent;
import drover.daemon.membership.PeerFile;
import drover.daemon.membership.wire.LinkTls;
import drover.daemon.placement.ClusterKnowledge;
import drover.daemon.security.EnrolledNode;
import drover.daemon.security.RevocationList;
import drover.model.NodeId;
import drover.protocol.mtls.TlsIdentity;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What this node knows of the others: who is there, how loaded they are, whose certificates are no longer
/// believed.
final class Cluster implements ClusterKnowledge, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Cluster.class);
    private static final int REVOCATIONS_TOPIC = 2;
    private static final int ORDERS_TOPIC = 3;

    private final Membership membership;
    private final PeerFile peers;
    private final LoadGossip gossip;
    private final OwnLoad ownLoad;

    private Cluster(Membership membership, PeerFile peers, LoadGossip gossip, OwnLoad ownLoad) {
        this.membership = membership;
        this.peers = peers;
        this.gossip = gossip;
        this.ownLoad = ownLoad;
    }

    static Cluster prepare(DaemonConfig config, Places places, TlsIdentity identity, int pace)
            throws IOException, StartFailure {
        PeerFile peers = PeerFile.open(places.state().resolve("peers"));
        OwnLoad load = OwnLoad.of(config, places);
        InetSocketAddress control = new InetSocketAddress(config.address(), config.membershipPort());
        InetSocketAddress data = new InetSocketAddress(config.address(), config.dataPort());
        try {
            Membership membership = new Membership(
                    MembershipConfig.of(identity.clusterId(), config.name(), control, control, data)
                            .atPace(pace),
                    new LinkTls(
                            identity::nettyServer,
                            identity::nettyClient,
                            certificate -> identity.verify(certificate).node()),
                    peers,
                    InstantSource.system());
            LoadGossip gossip =
                    new LoadGossip(config.name(), membership, load, new SplittableRandom(), System::nanoTime);
            return new Cluster(membership, peers, gossip, load);
        } catch (Exception e) {
            LOG.debug("membership", e);
            throw new StartFailure("membership cannot be prepared: " + e.getMessage());
        }
    }

    /// Joins, and keeps the list of revoked certificates the same everywhere: whoever has a newer one tells
    /// all, and a node that comes is told.
    void join(RevocationList revocations) throws StartFailure {
        membership.receive(REVOCATIONS_TOPIC, (_, signed) -> revocations.offer(signed));
        revocations.onNewer(signed -> {
            membership.disconnect(revocations::isRevoked);
            membership.broadcast(REVOCATIONS_TOPIC, signed);
        });
        membership.listen(event -> {
            switch (event) {
                case MembershipEvent.Joined joined -> tell(joined.node(), revocations);
                case MembershipEvent.Back back -> tell(back.node(), revocations);
                case MembershipEvent.Lost lost -> LOG.info("{} is lost", lost.node());
                case MembershipEvent.Left left -> LOG.info("{} has left", left.node());
            }
        });
        try {
            membership.start();
        } catch (Exception e) {
            LOG.debug("join", e);
            throw new StartFailure("cannot join the cluster: " + e.getMessage());
        }
        gossip.start();
    }

    private void tell(NodeId node, RevocationList revocations) {
        byte[] signed = revocations.current();
        if (signed.length > 0) membership.send(node, REVOCATIONS_TOPIC, signed);
    }

    /// Says who hears other nodes' orders, and answers to ours.
    void receiveOrders(Membership.TopicReceiver receiver) {
        membership.receive(ORDERS_TOPIC, receiver);
    }

    /// Sends an order, or an answer. False if that node is none.
    boolean sendOrder(NodeId node, byte[] message) {
        return membership.send(node, ORDERS_TOPIC, message);
    }

    /// A machine was given a certificate here; it will be looked for at the next start, too.
    void learn(EnrolledNode node) {
        try {
            peers.learn(Map.of(
                    node.node(),
                    new PeerFile.Peer(
                            new InetSocketAddress(node.address(), node.membershipPort()),
                            new InetSocketAddress(node.address(), node.dataPort()))));
        } catch (IOException e) {
            LOG.warn("{} joined, but the list of peers cannot be written: {}", node.node(), e.getMessage());
        }
    }

    Membership membership() {
        return membership;
    }

    OwnLoad ownLoad() {
        return ownLoad;
    }

    Optional<InetSocketAddress> dataAddress(NodeId node) {
        return membership.dataAddress(node);
    }

    @Override
    public Map<NodeId, Seen> loads() {
        Map<NodeId, Seen> loads = new TreeMap<>();
        gossip.view().entries().forEach((node, entry) -> loads.put(node, new Seen(entry.vector(), entry.age())));
        return loads;
    }

    @Override
    public NodeState stateOf(NodeId node) {
        return membership
                .member(node)
                .map(member -> member.state() == MemberState.UP ? NodeState.UP : NodeState.DOWN)
                .orElse(NodeState.UNKNOWN);
    }

    @Override
    public void close() {
        gossip.close();
        membership.close();
    }
}
