package drover.daemon.membership.wire;

import drover.model.NodeId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import jdk.net.ExtendedSocketOptions;

/// Mutual TLS 1.3 over plain sockets, with time limits on every step.
///
/// The plain socket is kept by the caller: closing it ends a link at once, while closing a TLS socket may wait
/// for a peer that does not read.
final class TlsSockets {
    /// So many seconds without an answer end a connection that is probed.
    private static final int PROBES = 10;

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

    /// Has the kernel ask once a second whether the other end is there still. Who began anew, or gave this connection
    /// up while it was cut off, denies it.
    static void probe(Socket plain) throws IOException {
        plain.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 1);
        plain.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, 1);
        plain.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, PROBES);
        plain.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    }

    /// A daemon that hangs has its kernel take the connection: it answers as soon as it goes on. To dial it again and
    /// again would leave it a queue of connections that nobody wants any more.
    SSLSocket dial(Socket plain) throws IOException {
        return handshake(plain, true, config.idleTimeout());
    }

    SSLSocket accept(Socket plain) throws IOException {
        plain.setTcpNoDelay(true);
        return handshake(plain, false, config.handshakeTimeout());
    }

    private SSLSocket handshake(Socket plain, boolean client, Duration patience) throws IOException {
        SSLSocket tls = (SSLSocket) context.getSocketFactory()
                .createSocket(plain, plain.getInetAddress().getHostAddress(), plain.getPort(), true);
        tls.setUseClientMode(client);
        tls.setEnabledProtocols(new String[] {"TLSv1.3"});
        if (!client) tls.setNeedClientAuth(true);
        tls.setSoTimeout(Math.toIntExact(patience.toMillis()));
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
