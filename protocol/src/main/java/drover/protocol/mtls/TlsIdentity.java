package drover.protocol.mtls;

import drover.model.NodeId;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Who this node is, and the TLS contexts made from it: BoringSSL for the links (JSSE where its library is
/// missing), and a JSSE context for everything else. Every server made from it demands a certificate of this
/// cluster, TLS 1.3 only.
///
/// Thread rule: any thread. A renewed certificate is put in place with [#replace] or [#reload]; handshakes that
/// begin later use it, links that stand go on.
public final class TlsIdentity {
    static final List<String> PROTOCOLS = List.of("TLSv1.3");

    private static final Logger LOG = LoggerFactory.getLogger(TlsIdentity.class);
    /// A resumed session shows no certificate again, so none lives longer than a revocation may take to work.
    private static final int SESSION_SECONDS = 1;

    private record Contexts(SslContext server, SslContext client) {}

    private final ClusterTrust trust;
    private final SSLContext open;
    private volatile IdentityMaterial material;
    private volatile Contexts contexts;

    public TlsIdentity(IdentityMaterial material, Revocations revocations) {
        this.material = material;
        trust = new ClusterTrust(this::material, revocations);
        contexts = contexts(material);
        open = jsse();
    }

    /// Reads the identity from its directory.
    ///
    /// @throws IOException when there is none, or it is damaged
    public static TlsIdentity load(Path identityDirectory, Revocations revocations) throws IOException {
        return new TlsIdentity(IdentityFiles.read(identityDirectory), revocations);
    }

    public NodeId node() {
        return material.identity().node();
    }

    public String clusterId() {
        return material.clusterId();
    }

    public IdentityMaterial material() {
        return material;
    }

    /// Takes a renewed certificate (or key) of the same node and cluster.
    public void replace(IdentityMaterial renewed) {
        if (!renewed.identity().equals(material().identity()))
            throw new IllegalArgumentException(
                    "a renewed identity must be of " + material().identity() + ", got " + renewed.identity());
        contexts = contexts(renewed);
        material = renewed;
    }

    /// Reads the files again; an identity that cannot be read leaves the old one in place.
    public void reload(Path identityDirectory) throws IOException {
        replace(IdentityFiles.read(identityDirectory));
    }

    /// Who the holder of this certificate is, checked as at a handshake.
    ///
    /// @throws CertificateException with the reason why it is not believed
    public PeerIdentity verify(X509Certificate certificate) throws CertificateException {
        return trust.check(certificate);
    }

    /// For the accepting side of links. The caller gives no buffer back: the context is freed with its last engine.
    public SslContext nettyServer() {
        return contexts.server;
    }

    /// For the dialling side of links.
    public SslContext nettyClient() {
        return contexts.client;
    }

    /// A JSSE context for a server that also talks to machines which have no certificate yet. It shows this node's
    /// present one, and believes only this cluster's where the client shows one, but demands none.
    /// For enrolment only.
    public SSLContext enrolmentContext() {
        return open;
    }

    private Contexts contexts(IdentityMaterial material) {
        SslProvider provider = provider();
        try {
            SslContext server = SslContextBuilder.forServer(
                            material.key(), material.certificate(), material.authority())
                    .sslProvider(provider)
                    .protocols(PROTOCOLS)
                    .trustManager(trust)
                    .clientAuth(ClientAuth.REQUIRE)
                    .sessionTimeout(SESSION_SECONDS)
                    .build();
            SslContext client = SslContextBuilder.forClient()
                    .keyManager(material.key(), material.certificate(), material.authority())
                    .sslProvider(provider)
                    .protocols(PROTOCOLS)
                    .trustManager(trust)
                    .endpointIdentificationAlgorithm(null) // a node is who its certificate says, see ClusterTrust
                    .sessionTimeout(SESSION_SECONDS)
                    .build();
            return new Contexts(server, client);
        } catch (SSLException e) {
            throw new IllegalStateException("no TLS context can be made from the node's identity", e);
        }
    }

    private static SslProvider provider() {
        if (OpenSsl.isAvailable()) return SslProvider.OPENSSL;
        LOG.warn(
                "BoringSSL is not available ({}): links use the JDK's TLS, which costs about twice the CPU",
                String.valueOf(OpenSsl.unavailabilityCause()));
        return SslProvider.JDK;
    }

    private SSLContext jsse() {
        try {
            SSLContext context = SSLContext.getInstance("TLSv1.3");
            context.init(new KeyManager[] {new CurrentKey(this::material)}, new TrustManager[] {trust}, null);
            context.getServerSessionContext().setSessionTimeout(SESSION_SECONDS);
            context.getClientSessionContext().setSessionTimeout(SESSION_SECONDS);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK has no TLS 1.3", e);
        }
    }
}
