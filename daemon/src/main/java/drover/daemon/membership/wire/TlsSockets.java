package drover.daemon.membership.wire;

import drover.model.NodeId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;

/// Mutual TLS 1.3 over plain sockets, with time limits on every step.
///
/// The plain socket is kept by the caller: closing it ends a link at once, while closing a TLS socket may wait
/// for a peer that does not read.
final class TlsSockets {
    private final SSLContext context;
    private final TransportConfig config;

    TlsSockets(SSLContext context, TransportConfig config) {
        this.context = context;
        this.config = config;
    }

    void connect(Socket plain, InetSocketAddress to) throws IOException {
        plain.setTcpNoDelay(true);
        plain.connect(to, Math.toIntExact(config.connectTimeout().toMillis()));
    }

    SSLSocket dial(Socket plain) throws IOException {
        return handshake(plain, true);
    }

    SSLSocket accept(Socket plain) throws IOException {
        plain.setTcpNoDelay(true);
        return handshake(plain, false);
    }

    private SSLSocket handshake(Socket plain, boolean client) throws IOException {
        SSLSocket tls = (SSLSocket) context.getSocketFactory()
                .createSocket(plain, plain.getInetAddress().getHostAddress(), plain.getPort(), true);
        tls.setUseClientMode(client);
        tls.setEnabledProtocols(new String[] {"TLSv1.3"});
        if (!client) tls.setNeedClientAuth(true);
        tls.setSoTimeout(Math.toIntExact(config.handshakeTimeout().toMillis()));
        tls.startHandshake();
        return tls;
    }

    static X509Certificate certificateOf(SSLSession session) throws IOException {
        return (X509Certificate) session.getPeerCertificates()[0];
    }

    /// The node a certificate was given to: its common name.
    static Optional<NodeId> nodeOf(X509Certificate certificate) {
        try {
            for (Rdn part : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns())
                if (part.getType().equalsIgnoreCase("CN"))
                    return Optional.of(new NodeId(part.getValue().toString()));
        } catch (InvalidNameException | IllegalArgumentException e) {
            return Optional.empty(); // not a name of ours: refused by the caller
        }
        return Optional.empty();
    }
}
