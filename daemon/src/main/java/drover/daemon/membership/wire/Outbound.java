package drover.daemon.membership.wire;

import drover.model.NodeId;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The link this node dials to one peer, and only ever sends on. Nobody who sends waits for the network: frames
/// go into a bounded queue, and the group's thread connects, writes, and tries again.
///
/// Each pair of nodes has one such link in each direction. Two nodes that dial each other at the same moment
/// therefore never have to agree on which link survives (docs/adr/0003-cold-start.md).
///
/// Thread rule: methods that are not private may be called from any thread; all else is the group's thread.
final class Outbound {
    private static final Logger LOG = LoggerFactory.getLogger(Outbound.class);
    private static final long FIRST_BACKOFF_MS = 50; // a node that is just starting is found quickly
    private static final long LAST_BACKOFF_MS = 1000; // a dead one costs one SYN a second at most

    private enum Phase {
        /// Not connected. It dials when there is something to send.
        IDLE,
        /// From the dialling to the greeting.
        DIALLING,
        /// A dial failed, the next one follows.
        WAITING,
        UP,
        ENDED
    }

    private record Frame(Word word, byte[] body, long queuedNs) {}

    private final InetSocketAddress to;
    private final TlsTransport transport;
    private final TransportConfig config;
    private final BooleanSupplier stillWanted;
    private final EventLoop loop;

    private final Queue<Frame> queue = new ArrayDeque<>(); // locked by itself, with the two flags below
    private boolean ending; // takes no frame any more
    private boolean lookAsked; // the group's thread will look at the queue

    private volatile boolean greeting;
    private volatile long usedNs = System.nanoTime();
    private volatile @Nullable X509Certificate certificate;
    private volatile @Nullable Channel channel;
    private @Nullable Connection connection; // the present one: what others still say is no news
    private Phase phase = Phase.IDLE;
    private long backoffMs = FIRST_BACKOFF_MS;

    Outbound(InetSocketAddress to, TlsTransport transport, TransportConfig config, BooleanSupplier stillWanted) {
        this.to = to;
        this.transport = transport;
        this.config = config;
        this.stillWanted = stillWanted;
        this.loop = transport.loop();
    }

    /// Queues a frame; the oldest ones are dropped when the peer does not keep up. Returns false if this link takes
    /// none any more; whatever was accepted before is written if the peer takes it. The body is not copied.
    boolean offer(Word word, byte[] body) {
        synchronized (queue) {
            if (ending) return false;
            if (queue.size() == config.queueFrames()) queue.remove();
            queue.add(new Frame(word, body, System.nanoTime()));
        }
        look();
        return true;
    }

    /// Takes no frame any more, and ends when what is queued is written. A peer that does not take it keeps the link
    /// until `close`.
    void end() {
        synchronized (queue) {
            ending = true;
        }
        look();
    }

    /// Says goodbye, so that the peer does not take the end of this link for a death, and closes.
    void close() {
        synchronized (queue) {
            ending = true;
        }
        onLoop(this::finish);
    }

    /// To be called now and then: lets the link end that nobody used for a while nor wants.
    void endIfIdle() {
        boolean idle = System.nanoTime() - usedNs > config.idleTimeout().toNanos();
        if (!idle || stillWanted.getAsBoolean()) return;
        synchronized (queue) {
            if (!queue.isEmpty()) return;
            ending = true;
        }
        look();
    }

    /// Whether the peer is there, but the handshake is not finished.
    boolean isGreeting() {
        return greeting;
    }

    void cutIf(Predicate<X509Certificate> which) {
        X509Certificate current = certificate;
        Channel cut = channel;
        if (current != null && cut != null && which.test(current)) {
            var _ = cut.close();
        }
    }

    /// Has the group's thread look what is to be done.
    private void look() {
        synchronized (queue) {
            if (lookAsked) return;
            lookAsked = true;
        }
        onLoop(this::lookNow);
    }

    private void onLoop(Runnable task) {
        if (loop.inEventLoop()) {
            task.run();
            return;
        }
        try {
            loop.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("the group's thread has ended: {} is told nothing more", to);
        }
    }

    private void lookNow() {
        synchronized (queue) {
            lookAsked = false;
        }
        switch (phase) {
            case IDLE -> {
                if (hasQueued()) dial();
                else if (isEnding()) finish();
            }
            case UP -> write();
            case DIALLING, WAITING, ENDED -> {} // it is looked again when that is over, or never
        }
    }

    private boolean hasQueued() {
        synchronized (queue) {
            return !queue.isEmpty();
        }
    }

    private boolean isEnding() {
        synchronized (queue) {
            return ending;
        }
    }

    private void dial() {
        phase = Phase.DIALLING;
        Connection dialling = new Connection();
        connection = dialling;
        ChannelFuture dialled = transport.dial(to, dialling);
        channel = dialled.channel();
        var _ = dialled.addListener(end -> {
            if (!end.isSuccess()) failed(dialling, end.cause());
        });
    }

    private void write() {
        Channel up = channel;
        if (up == null) return;
        boolean wrote = false;
        while (up.isWritable()) {
            Frame next;
            synchronized (queue) {
                next = queue.poll();
            }
            if (next == null) break;
            int length = 1 + next.body.length;
            ByteBuf out = up.alloc().buffer(Integer.BYTES + length);
            out.writeInt(length).writeByte(next.word.code()).writeBytes(next.body);
            transport.countSent(out.readableBytes());
            var _ = up.write(out, up.voidPromise());
            wrote = true;
        }
        if (wrote) {
            usedNs = System.nanoTime();
            up.flush();
        }
        if (isEnding() && !hasQueued()) finish();
    }

    /// The connection could not be made, or broke.
    private void failed(Connection broken, Throwable cause) {
        if (broken != connection) return;
        LOG.debug("group link to {} failed: {}", to, cause.toString());
        forgetChannel();
        phase = Phase.WAITING; // while others hear of it
        if (isRefusal(cause)) transport.refused(to);
        dropOld();
        if (isEnding()) { // whoever is not wanted any more is not dialled again
            finish();
        } else if (!hasQueued()) {
            phase = Phase.IDLE;
            backoffMs = FIRST_BACKOFF_MS;
        } else {
            var _ = loop.schedule(this::dialAgain, backoffMs, TimeUnit.MILLISECONDS);
            backoffMs = Math.min(2 * backoffMs, LAST_BACKOFF_MS);
        }
    }

    /// The machine answers, and nobody listens there.
    private static boolean isRefusal(Throwable cause) {
        return cause instanceof ConnectException && !(cause instanceof ConnectTimeoutException);
    }

    private void dropOld() {
        synchronized (queue) {
            long now = System.nanoTime();
            queue.removeIf(frame -> now - frame.queuedNs > config.retryFor().toNanos());
        }
    }

    private void dialAgain() {
        if (phase != Phase.WAITING) return;
        phase = Phase.IDLE;
        lookNow();
    }

    private void forgetChannel() {
        Channel before = channel;
        channel = null;
        connection = null;
        certificate = null;
        greeting = false;
        if (before == null) return;
        var _ = before.close();
    }

    private void finish() {
        if (phase == Phase.ENDED) return;
        Channel up = phase == Phase.UP ? channel : null;
        phase = Phase.ENDED;
        transport.ended(to, this);
        if (up != null) {
            ByteBuf goodbye = up.alloc().buffer(Integer.BYTES).writeInt(TlsTransport.GOODBYE);
            var _ = up.writeAndFlush(goodbye, up.voidPromise());
        }
        forgetChannel(); // waits for the goodbye to be sent, a few seconds at most
    }

    private final class Connection extends ChannelInboundHandlerAdapter {
        @Override
        public void channelActive(ChannelHandlerContext context) throws Exception {
            greeting = isPresent();
            super.channelActive(context);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
            if (event instanceof SslHandshakeCompletionEvent handshake && isPresent()) {
                if (handshake.isSuccess()) greet(context);
                else failed(this, handshake.cause());
            }
            super.userEventTriggered(context, event);
        }

        private boolean isPresent() {
            return connection == this;
        }

        private void greet(ChannelHandlerContext context) throws IOException {
            X509Certificate shown = LinkTls.certificateOf(context.pipeline().get(SslHandler.class));
            try {
                NodeId node = transport.tls().believed().nodeOf(shown);
                LOG.debug("group link to {} at {}", node, to);
            } catch (CertificateException e) {
                throw new IOException(e.getMessage(), e);
            }
            certificate = shown;
            ByteBuf out = context.alloc().buffer(256);
            Greeting.write(out, transport.getAddress());
            var _ = context.write(out, context.voidPromise());
            greeting = false;
            backoffMs = FIRST_BACKOFF_MS;
            phase = Phase.UP;
            context.flush();
            write();
        }

        /// Nothing is ever said here.
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ReferenceCountUtil.release(message);
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) throws Exception {
            if (phase == Phase.UP && isPresent()) write();
            super.channelWritabilityChanged(context);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) throws Exception {
            failed(this, new ClosedChannelException());
            super.channelInactive(context);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failed(this, cause);
            var _ = context.close();
        }
    }
}
