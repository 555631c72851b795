package drover.protocol.link;

import drover.model.NodeId;
import drover.protocol.mtls.PeerIdentity;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One connection from its first byte to its last: TLS, then HELLO in both directions, then frames.
/// Everything but the methods of [Link] runs on its event loop.
final class LinkChannel extends ChannelInboundHandlerAdapter implements Link {
    private static final Logger LOG = LoggerFactory.getLogger(LinkChannel.class);

    /// What a peer says of this node's certificate, in BoringSSL's words and in ours.
    private static final Map<String, String> ALERTS = Map.of(
            "ALERT_CERTIFICATE_REVOKED",
            "it says that this node's certificate is revoked; leave (drover leave) and join again with a new token",
            "ALERT_CERTIFICATE_EXPIRED",
            "it says that this node's certificate has expired; are both clocks right?",
            "ALERT_UNKNOWN_CA",
            "it says that this node's certificate is of another cluster");

    private enum Phase {
        SECURING,
        GREETING,
        ADMITTED, // waits for the link it replaces to be down
        UP,
        CLOSED
    }

    private final LinkHub hub;
    private final FrameDecoder decoder;
    private final Optional<Dialled> dialled;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private volatile Phase phase = Phase.SECURING; // written on the event loop only
    private boolean counted;
    private boolean complained;
    private volatile String closeReason = "the peer closed the connection";

    // set once, before the link is shown to anybody
    private ChannelHandlerContext context;
    private Outbox outbox;
    private X509Certificate certificate;
    private PeerIdentity peer;
    private LinkClass linkClass;
    private LinkListener listener;
    private int version;

    /// Whom this node dialled, and for what.
    record Dialled(NodeId node, LinkClass linkClass) {}

    LinkChannel(LinkHub hub, FrameDecoder decoder, Optional<Dialled> dialled) {
        this.hub = hub;
        this.decoder = decoder;
        this.dialled = dialled;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
        outbox = new Outbox(added, hub.config(), () -> guarded(() -> listener.writable(this)));
    }

    @Override
    public void channelActive(ChannelHandlerContext active) {
        if (dialled.isEmpty()) {
            counted = hub.unauthenticated().enter(remote().getAddress());
            if (!counted) {
                refuse("too many connections have not yet proven who they are");
                return;
            }
        }
        var _ = active.executor()
                .schedule(
                        this::handshakeTimeout, hub.config().handshakeTimeout().toMillis(), TimeUnit.MILLISECONDS);
    }

    private void handshakeTimeout() {
        if (phase == Phase.SECURING || phase == Phase.GREETING)
            refuse("no handshake within " + hub.config().handshakeTimeout().toMillis() + " ms");
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext unused, Object event) {
        if (!(event instanceof SslHandshakeCompletionEvent handshake) || phase != Phase.SECURING) return;
        if (!handshake.isSuccess()) {
            refuse("the TLS handshake failed: " + reason(handshake.cause()));
            return;
        }
        try {
            certificate = (X509Certificate) context.pipeline()
                    .get(SslHandler.class)
                    .engine()
                    .getSession()
                    .getPeerCertificates()[0];
            peer = hub.identity().verify(certificate);
        } catch (SSLPeerUnverifiedException | CertificateException e) {
            refuse(reason(e));
            return;
        }
        phase = Phase.GREETING;
        if (dialled.isPresent()) {
            Dialled wanted = dialled.get();
            if (!wanted.node().equals(peer.node())) {
                refuse("it is " + peer.node() + ", expected was " + wanted.node() + "; is its address right?");
                return;
            }
            say(hub.greeting(wanted.linkClass()));
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext unused, Object message) {
        var frame = (ByteBuf) message;
        try {
            outbox.readBegins();
            switch (phase) {
                case GREETING -> greeted(Hello.decode(frame));
                case UP -> guarded(() -> listener.frame(this, frame));
                case SECURING, ADMITTED -> refuse("a frame before the handshake was complete");
                case CLOSED -> {} // what was read before we closed
            }
        } catch (IllegalArgumentException e) {
            refuse(reason(e));
        } finally {
            frame.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext unused) {
        outbox.readEnds();
    }

    private void greeted(Hello hello) {
        switch (hello) {
            case Hello.Refusal refusal -> refuse("it refused us: " + refusal.reason());
            case Hello.Greeting greeting -> {
                Optional<String> objection = objection(greeting);
                if (objection.isPresent()) {
                    say(new Hello.Refusal(objection.get()));
                    refuse(objection.get());
                } else {
                    admit(greeting);
                }
            }
        }
    }

    private Optional<String> objection(Hello.Greeting theirs) {
        Hello.Greeting ours = hub.greeting(theirs.linkClass());
        if (!theirs.clusterId().equals(ours.clusterId()))
            return Optional.of("it is of cluster " + theirs.clusterId() + ", this is " + ours.clusterId());
        if (!theirs.node().equals(peer.node()))
            return Optional.of("it calls itself " + theirs.node() + ", its certificate says " + peer.node());
        if (dialled.isPresent() && dialled.get().linkClass() != theirs.linkClass())
            return Optional.of("it answered for " + theirs.linkClass() + " on "
                    + dialled.get().linkClass());
        if (Hello.common(ours, theirs) == 0)
            return Optional.of("no common version: it speaks " + theirs.versionMin() + " to " + theirs.versionMax()
                    + ", " + ours.node() + " speaks " + ours.versionMin() + " to " + ours.versionMax()
                    + "; install neighbouring versions of drover on both");
        if (hub.listener(theirs.linkClass()).isEmpty()) return Optional.of(theirs.linkClass() + " is not served here");
        return Optional.empty();
    }

    private void admit(Hello.Greeting theirs) {
        linkClass = theirs.linkClass();
        listener = hub.listener(linkClass).orElseThrow();
        version = Hello.common(hub.greeting(linkClass), theirs);
        decoder.limit(linkClass.frameLimitBytes());
        if (version >= FrameDecoder.COMPRESSED_VERSION && linkClass.isCompressible()) {
            decoder.inflate();
            outbox.compress(hub.compressor());
        }
        releasePlace();
        phase = Phase.ADMITTED;
        Optional<LinkChannel> previous = hub.enter(this);
        if (previous.isEmpty()) {
            goUp();
            return;
        }
        previous.get().close("replaced by a newer connection");
        context.channel().config().setAutoRead(false);
        var _ = previous.get().ended.thenRun(() -> context.executor().execute(this::goUp));
    }

    private void goUp() {
        if (phase != Phase.ADMITTED) return;
        phase = Phase.UP; // before the question: who drops the node from now on finds this link
        if (!hub.wants(this)) {
            phase = Phase.ADMITTED;
            close(LinkHub.NEEDED_NO_MORE);
            return;
        }
        if (dialled.isEmpty()) say(hub.greeting(linkClass));
        LOG.info("{} is up, version {}", this, version);
        guarded(() -> listener.up(this));
        context.channel().config().setAutoRead(true);
    }

    private void say(Hello hello) {
        ByteBuf frame = context.alloc().buffer(256);
        hello.encode(frame);
        outbox.add(frame);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext unused, Throwable cause) {
        String reason = reason(cause);
        if (phase == Phase.UP && cause instanceof IOException) close(reason); // reset, timed out: no one's fault
        else refuse(reason);
    }

    /// Closes for the peer's fault, and logs it.
    private void refuse(String reason) {
        if (!complained && phase != Phase.CLOSED) {
            complained = true;
            hub.complain(this, dialled, reason);
        }
        close(reason);
    }

    @Override
    public void channelInactive(ChannelHandlerContext unused) {
        Phase before = phase;
        phase = Phase.CLOSED;
        releasePlace();
        outbox.close();
        if (dialled.isPresent() && before != Phase.UP && !complained)
            hub.complain(this, dialled, closeReason + " during the handshake");
        if (before == Phase.UP || before == Phase.ADMITTED) hub.leave(this);
        if (before == Phase.UP) {
            LOG.info("{} is down: {}", this, closeReason);
            guarded(() -> listener.down(this, closeReason));
        }
        ended.complete(null);
    }

    private void releasePlace() {
        if (!counted) return;
        counted = false;
        hub.unauthenticated().leave(remote().getAddress());
    }

    private void guarded(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException e) {
            LOG.error("{}: its listener failed, so the link is closed", this, e);
            close("its listener failed: " + e);
        }
    }

    /// The words of the cause that says most: a certificate's fault hides inside TLS's exceptions.
    private static String reason(Throwable thrown) {
        Throwable last = thrown;
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof NotSslRecordException) return "it does not speak TLS";
            if (cause instanceof CertificateException) return String.valueOf(cause.getMessage());
            last = cause;
        }
        if (last.getMessage() == null) return last.getClass().getSimpleName();
        for (var alert : ALERTS.entrySet()) if (last.getMessage().contains(alert.getKey())) return alert.getValue();
        return last.getMessage();
    }

    private InetSocketAddress remote() {
        SocketAddress address = context.channel().remoteAddress();
        return address instanceof InetSocketAddress inet ? inet : new InetSocketAddress(0);
    }

    Channel channel() {
        return context.channel();
    }

    boolean isUp() {
        return phase == Phase.UP;
    }

    boolean isDialledTo(NodeId node) {
        return dialled.isPresent() && dialled.get().node().equals(node);
    }

    boolean isCertified() {
        return certificate != null;
    }

    @Override
    public NodeId peer() {
        return peer.node();
    }

    @Override
    public LinkClass linkClass() {
        return linkClass;
    }

    @Override
    public boolean dialledHere() {
        return dialled.isPresent();
    }

    @Override
    public int version() {
        return version;
    }

    @Override
    public X509Certificate certificate() {
        return certificate;
    }

    @Override
    public void send(ByteBuf frame) {
        int length = frame.readableBytes();
        if (length == 0 || length > linkClass.frameLimitBytes()) {
            frame.release();
            throw new IllegalArgumentException(
                    "a frame on " + linkClass + " has 1 to " + linkClass.frameLimitBytes() + " bytes, got " + length);
        }
        if (!outbox.add(frame))
            close("more than " + hub.config().queueLimitBytes() + " bytes wait to be sent, and nothing takes them");
    }

    @Override
    public boolean isWritable() {
        return outbox.isWritable();
    }

    @Override
    public void close(String reason) {
        if (context.channel().isActive()) closeReason = reason;
        if (context.executor().inEventLoop()) finish();
        else
            try {
                context.executor().execute(this::finish);
            } catch (RejectedExecutionException e) {
                var _ = context.channel().close(); // the hub is closed, and its loops with it
            }
    }

    /// What was sent before the close, a refusal above all, still goes out.
    private void finish() {
        context.flush();
        var _ = context.close();
    }

    @Override
    public String toString() {
        Object who =
                peer != null ? peer.node() : dialled.isPresent() ? dialled.get().node() : "?";
        Object what = linkClass != null
                ? linkClass
                : dialled.isPresent() ? dialled.get().linkClass() : "?";
        return (dialled.isPresent() ? "link to " : "link from ") + who + " (" + what + ", "
                + context.channel().remoteAddress() + ")";
    }
}
