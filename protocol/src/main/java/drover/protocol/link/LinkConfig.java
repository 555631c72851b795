package drover.protocol.link;

import java.net.InetSocketAddress;
import java.time.Duration;

/// Limits of the links.
///
/// @param listen where other nodes dial in; port 0 takes any free one
/// @param eventLoopThreads threads that move all bytes; two keep a handshake from delaying the other links
/// @param handshakeTimeout from connecting to the peer's HELLO; a stranger may hold a place no longer
/// @param backoffMin pause before the first redial, so that a restarted daemon is found at once
/// @param backoffMax longest pause between redials, so that a healed partition costs at most this
/// @param silenceTimeout sent data may stay unacknowledged this long (TCP_USER_TIMEOUT) before the link is down
/// @param unauthenticatedLimit connections that have not proven who they are, in all; a cluster's cold start needs
/// three
///     per node
/// @param unauthenticatedLimitPerAddress the same for one address, so that one stranger cannot take all places
/// @param highWaterBytes waiting to be sent from which on a link is not writable
/// @param queueLimitBytes waiting to be sent at which the link is given up, since its sender ignores the high-water
/// mark
/// @param versionMin oldest protocol version spoken
/// @param versionMax newest protocol version spoken
public record LinkConfig(
        InetSocketAddress listen,
        int eventLoopThreads,
        Duration handshakeTimeout,
        Duration backoffMin,
        Duration backoffMax,
        Duration silenceTimeout,
        int unauthenticatedLimit,
        int unauthenticatedLimitPerAddress,
        int highWaterBytes,
        int queueLimitBytes,
        int versionMin,
        int versionMax) {
    /// Where nodes dial each other if the configuration says nothing else.
    public static final int DEFAULT_PORT = 7410;
    /// The version of this build, which also speaks those before it. 2: frames may be compressed. 3: guests move.
    /// 4: before their memory.
    public static final int CURRENT_VERSION = 4;
    /// From this version on, nodes know what is said of guests that move.
    public static final int MOVES_VERSION = 3;
    /// From this version on, a guest may run on its new node while its memory is still on the former.
    public static final int POST_COPY_VERSION = 4;
    /// A node that cannot inflate says that it speaks nothing newer.
    private static final int OLDEST_VERSION = 1;

    public LinkConfig {
        requireRange("event-loop-threads", eventLoopThreads, 1, 64);
        requirePositive("handshake-timeout", handshakeTimeout);
        requirePositive("backoff-min", backoffMin);
        requirePositive("silence-timeout", silenceTimeout);
        if (backoffMax.compareTo(backoffMin) < 0)
            throw new IllegalArgumentException("backoff-max must be at least backoff-min, got " + backoffMax);
        requireRange("unauthenticated-limit", unauthenticatedLimit, 1, 10_000);
        requireRange("unauthenticated-limit-per-address", unauthenticatedLimitPerAddress, 1, unauthenticatedLimit);
        requireRange("high-water-bytes", highWaterBytes, 1 << 10, 1 << 28);
        requireRange("queue-limit-bytes", queueLimitBytes, highWaterBytes, 1 << 30);
        requireRange("version-max", versionMax, 1, 0xffff);
        requireRange("version-min", versionMin, 1, versionMax);
    }

    public static LinkConfig listeningOn(InetSocketAddress listen) {
        return new LinkConfig(
                listen,
                2,
                Duration.ofSeconds(5),
                Duration.ofMillis(50),
                Duration.ofSeconds(1),
                Duration.ofSeconds(10),
                128,
                32,
                1 << 20,
                32 << 20,
                OLDEST_VERSION,
                CURRENT_VERSION);
    }

    /// Of a node that can start no guest before its memory is there.
    public LinkConfig withoutPostCopy() {
        return withVersions(versionMin, Math.min(versionMax, POST_COPY_VERSION - 1));
    }

    public LinkConfig withVersions(int min, int max) {
        return new LinkConfig(
                listen,
                eventLoopThreads,
                handshakeTimeout,
                backoffMin,
                backoffMax,
                silenceTimeout,
                unauthenticatedLimit,
                unauthenticatedLimitPerAddress,
                highWaterBytes,
                queueLimitBytes,
                min,
                max);
    }

    public LinkConfig withHandshakeTimeout(Duration timeout) {
        return new LinkConfig(
                listen,
                eventLoopThreads,
                timeout,
                backoffMin,
                backoffMax,
                silenceTimeout,
                unauthenticatedLimit,
                unauthenticatedLimitPerAddress,
                highWaterBytes,
                queueLimitBytes,
                versionMin,
                versionMax);
    }

    public LinkConfig withUnauthenticatedLimits(int all, int perAddress) {
        return new LinkConfig(
                listen,
                eventLoopThreads,
                handshakeTimeout,
                backoffMin,
                backoffMax,
                silenceTimeout,
                all,
                perAddress,
                highWaterBytes,
                queueLimitBytes,
                versionMin,
                versionMax);
    }

    private static void requireRange(String key, int value, int min, int max) {
        if (value < min || value > max)
            throw new IllegalArgumentException(key + " must be " + min + " to " + max + ", got " + value);
    }

    private static void requirePositive(String key, Duration value) {
        if (value.isNegative() || value.isZero())
            throw new IllegalArgumentException(key + " must be more than 0, got " + value);
    }
}
