package drover.daemon.membership.wire;

import java.time.Duration;

/// Limits of the group transport, with the reason of each.
///
/// @param connectTimeout a peer that does not answer a SYN in this time is tried again later
/// @param handshakeTimeout for TLS and the first frame of whoever dials: one round trip and a few milliseconds of
///     CPU, with room for a busy machine; a peer that needs longer would block nobody but itself. A link that ended
///     has the same time for what is queued
/// @param retryFor how long a frame waits for a connection: discovery of a node that is just starting succeeds,
///     old heartbeats are not delivered
/// @param idleTimeout links to nodes that are not members are closed after this time; and who is dialled may take
///     so long to answer, since a daemon that hangs does when it goes on
/// @param queueFrames frames waiting for one peer; the oldest are dropped beyond (the group resends what
///     matters)
/// @param beat how often the group's thread does what has to be done all the time: says that this node lives, and how
///     loaded it is
/// @param greetingConnections accepted connections that have not said who they are; more are refused
public record TransportConfig(
        Duration connectTimeout,
        Duration handshakeTimeout,
        Duration retryFor,
        Duration idleTimeout,
        int queueFrames,
        Duration beat,
        int greetingConnections) {
    public static final TransportConfig DEFAULT = new TransportConfig(
            Duration.ofSeconds(2),
            Duration.ofSeconds(5),
            Duration.ofSeconds(3),
            Duration.ofSeconds(30),
            256,
            Duration.ofSeconds(1),
            128);

    /// The same with another beat.
    public TransportConfig withBeat(Duration other) {
        return new TransportConfig(
                connectTimeout, handshakeTimeout, retryFor, idleTimeout, queueFrames, other, greetingConnections);
    }

    public TransportConfig {
        positive("connectTimeout", connectTimeout);
        positive("handshakeTimeout", handshakeTimeout);
        positive("retryFor", retryFor);
        positive("idleTimeout", idleTimeout);
        positive("beat", beat);
        if (queueFrames <= 0) throw new IllegalArgumentException("queueFrames must be > 0, got " + queueFrames);
        if (greetingConnections <= 0)
            throw new IllegalArgumentException("greetingConnections must be > 0, got " + greetingConnections);
    }

    private static void positive(String name, Duration value) {
        if (value.isNegative() || value.isZero())
            throw new IllegalArgumentException(name + " must be > 0, got " + value);
    }
}
