package drover.daemon;

import drover.daemon.config.DaemonConfig;
import drover.daemon.config.DaemonConfig.Places;
import drover.daemon.membership.Member;
import drover.daemon.membership.MemberState;
import drover.daemon.membership.Membership;
import drover.daemon.membership.MembershipConfig;
import drover.daemon.membership.PeerFile;
import drover.daemon.placement.ClusterKnowledge;
import drover.model.LoadVector;
import drover.model.NodeId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntSupplier;

/// What this node knows of the others: who is there, and how loaded they are.
final class Cluster implements ClusterKnowledge, AutoCloseable {
    private final Membership membership;

    private Cluster(Membership membership) {
        this.membership = membership;
    }

    static Cluster prepare(DaemonConfig config, Places places, Security security) throws IOException, StartFailure {
        PeerFile peers = PeerFile.open(places.state().resolve("peers"));
        InetSocketAddress control = new InetSocketAddress(config.address(), config.membershipPort());
        InetSocketAddress data = new InetSocketAddress(config.address(), config.dataPort());
        try {
            return new Cluster(new Membership(
                    MembershipConfig.of(security.identity().clusterId(), config.name(), control, control, data),
                    security.identity().jsseContext(),
                    peers,
                    InstantSource.system()));
        } catch (Exception e) {
            throw new StartFailure("membership cannot be prepared: " + e.getMessage());
        }
    }

    void join() throws StartFailure {
        try {
            membership.start();
        } catch (Exception e) {
            throw new StartFailure("cannot join the cluster: " + e.getMessage());
        }
    }

    Membership membership() {
        return membership;
    }

    void countGuests(IntSupplier guests) {}

    Optional<InetSocketAddress> dataAddress(NodeId node) {
        return membership.dataAddress(node);
    }

    @Override
    public Map<NodeId, Seen> loads() {
        Map<NodeId, Seen> loads = new TreeMap<>();
        for (Member member : membership.members())
            if (member.state() == MemberState.UP)
                loads.put(
                        member.node(),
                        new Seen(new LoadVector(1, 1, 0, 1L << 30, 1L << 29, 0, 0, 0, 1, 1), Duration.ZERO));
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
        membership.close();
    }
}
