package drover.daemon.membership.wire;

import drover.model.NodeId;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import javax.net.ssl.SSLException;
import jdk.net.ExtendedSocketOptions;
import org.jgroups.Address;
import org.jgroups.PhysicalAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A link some peer dialled, and only ever sends on: checks who it is, and takes its frames. Belongs to the group's
/// thread; what others may call says so.
final class Inbound extends ByteToMessageDecoder {
    private static final Logger LOG = LoggerFactory.getLogger(Inbound.class);
    /// So many seconds without an answer end a connection that is probed.
    private static final int PROBES = 10;

    private final Channel channel;
    private final TlsTransport transport;
    private final SocketAddress remote;
    private volatile @Nullable X509Certificate certificate;
    private volatile @Nullable Address peer;
    private @Nullable PhysicalAddress place; // of the peer, once it greeted
    private @Nullable NodeId node; // the same
    private boolean saidGoodbye;
    private boolean complained;

    Inbound(Channel channel, TlsTransport transport) {
        this.channel = channel;
        this.transport = transport;
        this.remote = channel.remoteAddress();
    }

    /// Who dialled, or null before it said so. Any thread.
    @Nullable Address peer() {
        return peer;
    }

    /// Any thread.
    void cutIf(Predicate<X509Certificate> which) {
        X509Certificate current = certificate;
        if (current != null && which.test(current)) close();
    }

    /// Its sender has a newer link. If this one's other end is gone, nobody would ever tell, since nothing is sent
    /// here: has the kernel ask once a second. Who began anew, or gave this connection up while it was cut off,
    /// denies it; if the other end is there, what is on its way still comes.
    void probe() {
        channel.config().setOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE), 1);
        channel.config().setOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL), 1);
        channel.config().setOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT), PROBES);
        channel.config().setOption(NioChannelOption.of(StandardSocketOptions.SO_KEEPALIVE), true);
    }

    /// Any thread.
    void close() {
        var _ = channel.close();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
        if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
            certificate = LinkTls.certificateOf(context.pipeline().get(SslHandler.class));
            var _ = context.executor()
                    .schedule(
                            this::closeIfSilent,
                            transport.config().handshakeTimeout().toMillis(),
                            TimeUnit.MILLISECONDS);
        }
        super.userEventTriggered(context, event);
    }

    private void closeIfSilent() {
        if (peer == null && channel.isActive()) fail(new IOException("it did not say who it is"));
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
        if (saidGoodbye || complained) {
            in.skipBytes(in.readableBytes());
        } else if (peer == null) {
            Optional<Greeting> greeting = Greeting.read(in);
            if (greeting.isPresent()) greeted(greeting.get());
        } else {
            takeFrame(in);
        }
    }

    private void greeted(Greeting greeting) throws IOException {
        X509Certificate shown = certificate;
        if (shown == null) throw new IOException("it greeted before the handshake");
        try {
            if (!transport
                    .tls()
                    .believed()
                    .nodeOf(shown)
                    .equals(greeting.sender().node()))
                throw new IOException("it calls itself " + greeting.sender().node() + ", but its certificate is for "
                        + shown.getSubjectX500Principal());
        } catch (CertificateException e) {
            throw new IOException(e.getMessage(), e);
        }
        node = greeting.sender().node();
        place = MemberAddress.physical(greeting.sender().control());
        peer = greeting.address();
        transport.greeted(this, greeting);
    }

    private void takeFrame(ByteBuf in) throws IOException {
        if (in.readableBytes() < Integer.BYTES) return;
        int length = in.getInt(in.readerIndex());
        if (length == TlsTransport.GOODBYE) {
            saidGoodbye = true;
            close();
            return;
        }
        if (length < 0 || length > TlsTransport.FRAME_LIMIT_BYTES)
            throw new IOException(
                    "a frame of " + length + " bytes exceeds the limit of " + TlsTransport.FRAME_LIMIT_BYTES);
        if (in.readableBytes() < Integer.BYTES + length) return;
        in.skipBytes(Integer.BYTES);
        Word word = Word.of(in.readByte());
        byte[] body = new byte[length - 1];
        in.readBytes(body);
        transport.countReceived(Integer.BYTES + length);
        if (word == Word.GROUP) transport.receive(place, body, 0, body.length);
        else transport.heard(word, peer, node, body);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        fail(cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause);
    }

    private void fail(Throwable cause) {
        if (!complained) {
            complained = true;
            complain(cause);
        }
        close();
    }

    private void complain(Throwable cause) {
        String why = cause.getMessage() != null ? cause.getMessage() : cause.toString();
        boolean isBroken = cause instanceof SocketException || cause instanceof ClosedChannelException;
        boolean isOfTls = cause instanceof SSLException;
        if (isBroken || (isOfTls && peer != null)) LOG.debug("link from {} broke: {}", name(), why);
        else if (isOfTls) LOG.warn("refused a link from {}: {}", remote, why);
        else LOG.warn("closed the link from {}: {}", name(), why);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        super.channelInactive(context); // takes what came last
        LOG.debug("link from {} ended", name());
        transport.ended(this, saidGoodbye);
    }

    private Object name() {
        Address known = peer;
        return known != null ? known : remote;
    }
}
