package drover.daemon.membership.wire;

import drover.model.NodeId;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.function.Supplier;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/// The mutual TLS of the group's links. It is asked anew for each link, since certificates are renewed and revoked
/// while a daemon runs. Thread rule: any thread.
///
/// @param accepting the context for links that others dial; it demands their certificates
/// @param dialling the context for links that this node dials
/// @param believed says whose a certificate is, also of a session that was resumed
public record LinkTls(Supplier<SslContext> accepting, Supplier<SslContext> dialling, Believed believed) {

    /// Decides on a certificate.
    @FunctionalInterface
    public interface Believed {
        /// Says to whom a certificate was given.
        ///
        /// @throws CertificateException with the reason why it is not believed (any more)
        NodeId nodeOf(X509Certificate certificate) throws CertificateException;
    }

    SslHandler acceptingHandler(ByteBufAllocator buffers, Duration patience) {
        return handler(accepting.get(), buffers, patience);
    }

    SslHandler diallingHandler(ByteBufAllocator buffers, Duration patience) {
        return handler(dialling.get(), buffers, patience);
    }

    private static SslHandler handler(SslContext context, ByteBufAllocator buffers, Duration patience) {
        SslHandler handler = context.newHandler(buffers);
        handler.setHandshakeTimeoutMillis(patience.toMillis());
        return handler;
    }

    /// The certificate at the other end, after the handshake.
    static X509Certificate certificateOf(@Nullable SslHandler handler) throws SSLPeerUnverifiedException {
        if (handler == null) throw new SSLPeerUnverifiedException("the link is closed");
        return (X509Certificate) handler.engine().getSession().getPeerCertificates()[0];
    }
}
