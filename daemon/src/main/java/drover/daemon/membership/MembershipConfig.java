package drover.daemon.membership;

import drover.daemon.membership.wire.TransportConfig;
import drover.model.NodeId;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;

/// How a node takes part in the group.
///
/// @param cluster the cluster's id; groups with different ids never merge
/// @param self this node's name
/// @param listenOn where the group transport listens (port 7412; the address may be a wildcard)
/// @param control the address others reach it at
/// @param data the address others reach this node's data plane at (same host)
/// @param silence after this long without a word a node is suspected; with a beat and `verification` a
///     hung node is known within 10 s
/// @param verification how long a suspect has to answer; a killed node is known within two of these
/// @param joinRound how long a starting node that knows peers looks for them before it founds a cluster alone
///     (it merges later): the first handshake of a fresh JVM takes a second of CPU, and whole clusters start at
///     once
/// @param mergeEvery longest time between two looks for the rest of a split cluster; costs nothing while it is
///     whole
/// @param resendEvery how often gaps in what was sent are looked for: the transport loses frames only when a link
///     breaks
public record MembershipConfig(
        String cluster,
        NodeId self,
        InetSocketAddress listenOn,
        InetSocketAddress control,
        InetSocketAddress data,
        Duration silence,
        Duration verification,
        Duration joinRound,
        Duration mergeEvery,
        Duration resendEvery,
        TransportConfig transport) {
    public static final Duration DEFAULT_SILENCE = Duration.ofSeconds(5);
    public static final Duration DEFAULT_VERIFICATION = Duration.ofMillis(2500);
    public static final Duration DEFAULT_JOIN_ROUND = Duration.ofSeconds(3);
    public static final Duration DEFAULT_MERGE_EVERY = Duration.ofSeconds(2);
    public static final Duration DEFAULT_RESEND_EVERY = Duration.ofSeconds(4);

    public MembershipConfig {
        if (cluster.isBlank() || cluster.length() > 64)
            throw new IllegalArgumentException("cluster must be 1 to 64 characters, got '" + cluster + "'");
        Objects.requireNonNull(self);
        Objects.requireNonNull(transport);
        between("silence", silence, transport.beat().plusMillis(1), Duration.ofMinutes(5));
        between("verification", verification, Duration.ofMillis(100), Duration.ofSeconds(10));
        between("joinRound", joinRound, Duration.ofMillis(100), Duration.ofSeconds(30));
        between("mergeEvery", mergeEvery, Duration.ofMillis(200), Duration.ofMinutes(5));
        between("resendEvery", resendEvery, Duration.ofMillis(100), Duration.ofMinutes(1));
    }

    /// The defaults for a node.
    public static MembershipConfig of(
            String cluster,
            NodeId self,
            InetSocketAddress listenOn,
            InetSocketAddress control,
            InetSocketAddress data) {
        return new MembershipConfig(
                cluster,
                self,
                listenOn,
                control,
                data,
                DEFAULT_SILENCE,
                DEFAULT_VERIFICATION,
                DEFAULT_JOIN_ROUND,
                DEFAULT_MERGE_EVERY,
                DEFAULT_RESEND_EVERY,
                TransportConfig.DEFAULT);
    }

    /// The same with what is done all the time done so many times as often.
    public MembershipConfig atPace(int times) {
        return new MembershipConfig(
                cluster,
                self,
                listenOn,
                control,
                data,
                silence,
                verification,
                joinRound,
                mergeEvery.dividedBy(times),
                resendEvery.dividedBy(times),
                transport.withBeat(transport.beat().dividedBy(times)));
    }

    private static void between(String name, Duration value, Duration least, Duration most) {
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0)
            throw new IllegalArgumentException(name + " must be " + least + " to " + most + ", got " + value);
    }
}
