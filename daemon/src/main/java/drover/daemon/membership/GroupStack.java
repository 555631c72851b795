package drover.daemon.membership;

import drover.daemon.membership.wire.PeerDiscovery;
import drover.daemon.membership.wire.RingDetector;
import drover.daemon.membership.wire.TlsTransport;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.function.Supplier;
import org.jgroups.JChannel;
import org.jgroups.protocols.FRAG2;
import org.jgroups.protocols.MERGE3;
import org.jgroups.protocols.UNICAST3;
import org.jgroups.protocols.pbcast.GMS;
import org.jgroups.protocols.pbcast.NAKACK2;
import org.jgroups.protocols.pbcast.STABLE;

/// The one protocol stack of the group, from the wire up, with the reason of each number.
final class GroupStack {
    /// Views are rare, so garbage of the retransmission tables may wait; each round costs a message per member.
    private static final long STABLE_MS = 120_000;
    /// A table of a few hundred messages: the group's traffic is views and a handful of facts.
    private static final int TABLE_ROWS = 4;

    private static final int TABLE_ROW_MESSAGES = 64;
    /// Half of the transport's frame limit would do; this is JGroups' own choice.
    private static final int FRAGMENT_BYTES = 60_000;
    /// A founder answers a join within a view round; after these tries the node founds its own group and merges
    /// later.
    private static final int JOIN_TRIES = 5;

    /// A node that knows nobody has nobody to wait for.
    private static final long ALONE_MS = 100;

    private GroupStack() {}

    static JChannel channel(
            MembershipConfig config,
            TlsTransport transport,
            Supplier<? extends Collection<InetSocketAddress>> knownPeers)
            throws Exception {
        long joinMs = knownPeers.get().isEmpty() ? ALONE_MS : config.joinRound().toMillis();
        long mergeMs = config.mergeEvery().toMillis();
        long resendMs = config.resendEvery().toMillis();
        return new JChannel(
                transport,
                new PeerDiscovery(knownPeers, transport).numDiscoveryRuns(4),
                new MERGE3().setMinInterval(mergeMs * 3 / 4).setMaxInterval(mergeMs),
                new RingDetector(config.transport().beat(), config.silence(), config.verification()),
                new NAKACK2()
                        .useMcastXmit(false)
                        .setXmitInterval(resendMs)
                        .setXmitTableNumRows(TABLE_ROWS)
                        .setXmitTableMsgsPerRow(TABLE_ROW_MESSAGES),
                new UNICAST3()
                        .setXmitInterval(resendMs)
                        .setXmitTableNumRows(TABLE_ROWS)
                        .setXmitTableMsgsPerRow(TABLE_ROW_MESSAGES),
                new STABLE().setDesiredAverageGossip(STABLE_MS),
                new GMS().setJoinTimeout(joinMs).setMaxJoinAttempts(JOIN_TRIES).printLocalAddress(false),
                new FRAG2().setFragSize(FRAGMENT_BYTES));
    }
}
