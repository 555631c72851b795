package drover.protocol.link;

import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.RawUnixChannelOption;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// How fast the network takes what a link sends: the bytes that were acknowledged in a while in which the kernel always
/// had more to send. A while says nothing in which it had not, or in which the peer took nothing. The greatest of the
/// last few counts, since a machine may stand still meanwhile. (The kernel's own rate is of single bursts.)
///
/// Source: tcp(7), TCP_INFO; linux/tcp.h. Thread rule: looks are made on the event loop, the result is read by any
/// thread.
final class LinkSpeed {
    private static final int IPPROTO_TCP = 6;
    private static final int TCP_INFO = 11;
    private static final int INFO_BYTES = 192;
    private static final RawUnixChannelOption OPTION =
            new RawUnixChannelOption("TCP_INFO", IPPROTO_TCP, TCP_INFO, INFO_BYTES);

    /// Between two looks, so that they cost nothing that counts beside the frames.
    private static final long PAUSE_NANOS = 2_000_000;
    /// The shortest while, since the kernel counts in ticks of 4 ms and more; and the longest that is one.
    private static final long LEAST_NANOS = 40_000_000;

    private static final long MOST_NANOS = 1_000_000_000;
    /// Whiles of which the greatest counts, and how many it takes to say something.
    private static final int WHILES = 6;

    private static final int LEAST_WHILES = 2;
    /// The kernel had something to send for so much of a while, at least.
    private static final double BUSY_SHARE = 0.8;
    /// The peer took nothing for so much of it, at most; more, and it is the peer that is slow.
    private static final double PEER_SHARE = 0.1;

    /// What of TCP_INFO is used; times since the connection began.
    ///
    /// @param unsentBytes that wait in the kernel for the network
    /// @param busyMicros while something was not acknowledged
    /// @param peerFullMicros of these, while the peer had no room
    record TcpInfo(long ackedBytes, long unsentBytes, long busyMicros, long peerFullMicros) {
        static TcpInfo of(ByteBuffer raw) {
            ByteBuffer info = raw.slice().order(ByteOrder.nativeOrder());
            return new TcpInfo(info.getLong(120), info.getInt(144) & 0xffffffffL, info.getLong(168), info.getLong(176));
        }
    }

    private final double[] whiles = new double[WHILES];
    private int count;
    private boolean looked;
    private long lookNanos;
    private TcpInfo begin; // null before the first while
    private long beginNanos;
    private volatile double bytesPerSecond = Double.POSITIVE_INFINITY;

    /// Infinite while it is not known.
    double bytesPerSecond() {
        return bytesPerSecond;
    }

    /// Looks again, if the last time is a while ago.
    void look(Channel channel, long nowNanos) {
        if (looked && nowNanos - lookNanos < PAUSE_NANOS) return;
        looked = true;
        lookNanos = nowNanos;
        // Netty's other transports do not tell; then nothing is compressed
        if (!(channel instanceof EpollSocketChannel socket) || !socket.isActive()) return;
        ByteBuffer raw = socket.config().getOption(OPTION);
        if (raw != null && raw.remaining() >= INFO_BYTES) seen(TcpInfo.of(raw), nowNanos);
    }

    void seen(TcpInfo now, long nowNanos) {
        if (now.unsentBytes == 0) return;
        long nanos = nowNanos - beginNanos;
        if (begin != null && nanos < LEAST_NANOS) return;
        if (begin != null && nanos <= MOST_NANOS) measured(now, nanos);
        begin = now;
        beginNanos = nowNanos;
    }

    private void measured(TcpInfo now, long nanos) {
        double micros = nanos / 1e3;
        long busy = now.busyMicros - begin.busyMicros;
        if (busy < BUSY_SHARE * micros || now.peerFullMicros - begin.peerFullMicros > PEER_SHARE * micros) return;
        whiles[count % WHILES] = (now.ackedBytes - begin.ackedBytes) / (micros / 1e6);
        count = count + 1 == 2 * WHILES ? WHILES : count + 1;
        if (count < LEAST_WHILES) return;
        double greatest = 0;
        for (int i = 0; i < Math.min(count, WHILES); i++) greatest = Math.max(greatest, whiles[i]);
        bytesPerSecond = Math.max(1, greatest);
    }
}
