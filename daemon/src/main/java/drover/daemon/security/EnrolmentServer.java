package drover.daemon.security;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import drover.model.NodeId;
import drover.protocol.mtls.Pem;
import drover.protocol.mtls.TlsIdentity;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers machines that want a certificate, on the node that holds the authority. One request and one answer a
/// connection. `join` needs a token; `renew` and `leave` need the node's present certificate, shown in the TLS
/// handshake.
/// One virtual thread a connection, a limited number of them.
public final class EnrolmentServer implements AutoCloseable {
    public static final int DEFAULT_PORT = 7411;

    private static final Logger LOG = LoggerFactory.getLogger(EnrolmentServer.class);
    private static final int CONNECTION_LIMIT = 64; // machines that join at once wait in the backlog beyond that
    private static final int BACKLOG = 256;
    private static final int PATIENCE_MILLIS =
            30_000; // a whole exchange: two messages, but by a JVM that starts on a busy machine
    private static final int FAILURES = 20;
    private static final Duration FAILURE_WINDOW = Duration.ofMinutes(1);

    private final AuthorityStore store;
    private final RevocationList revocations;
    private final Consumer<EnrolledNode> joined;
    private final TlsIdentity identity;
    private final SSLServerSocket listening;
    private final Semaphore places = new Semaphore(CONNECTION_LIMIT);
    private final FailureLimit failureLimit = new FailureLimit(FAILURES, FAILURE_WINDOW);

    /// Listens at once.
    ///
    /// @param joined hears of each node that got its first certificate; must not block long
    /// @throws IOException when the address cannot be bound
    EnrolmentServer(
            AuthorityStore store,
            RevocationList revocations,
            TlsIdentity identity,
            InetSocketAddress listen,
            Consumer<EnrolledNode> joined)
            throws IOException {
        this.store = store;
        this.revocations = revocations;
        this.identity = identity;
        this.joined = joined;
        listening = (SSLServerSocket)
                identity.enrolmentContext().getServerSocketFactory().createServerSocket();
        listening.setReuseAddress(true);
        listening.setWantClientAuth(true);
        listening.setEnabledProtocols(new String[] {"TLSv1.3"});
        try {
            listening.bind(listen, BACKLOG);
        } catch (IOException e) {
            listening.close();
            throw new IOException("cannot listen for joining machines on " + listen + ": " + e.getMessage(), e);
        }
        LOG.info("listening for joining machines on {}", listening.getLocalSocketAddress());
        Thread.ofVirtual().name("enrolment").start(this::acceptAll);
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listening.getLocalSocketAddress();
    }

    private void acceptAll() {
        while (!listening.isClosed()) {
            try {
                places.acquire();
            } catch (InterruptedException e) {
                return;
            }
            try {
                var socket = (SSLSocket) listening.accept();
                Thread.ofVirtual()
                        .name("enrolment " + socket.getRemoteSocketAddress())
                        .start(() -> {
                            try {
                                serve(socket);
                            } finally {
                                places.release();
                            }
                        });
            } catch (SocketException e) {
                places.release();
                if (!listening.isClosed()) LOG.warn("accepting a joining machine failed: {}", e.getMessage());
            } catch (IOException e) {
                places.release();
                LOG.warn("accepting a joining machine failed: {}", e.getMessage());
            }
        }
    }

    private void serve(SSLSocket socket) {
        var address = socket.getInetAddress();
        Thread watchdog = Thread.ofVirtual().start(() -> closeAfterPatience(socket));
        try (socket) {
            if (!failureLimit.allows(address, System.nanoTime())) return;
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.startHandshake();
            JsonNode request = Framed.read(socket.getInputStream(), Framed.REQUEST_LIMIT_BYTES);
            ObjectNode answer;
            try {
                answer = answer(request, client(socket));
            } catch (SecurityFailure | CertificateException | IllegalArgumentException e) {
                failureLimit.failed(address, System.nanoTime());
                LOG.warn("refused the {} of {}: {}", word(request), address.getHostAddress(), e.getMessage());
                answer = JsonNodeFactory.instance.objectNode().put("ok", false).put("error", e.getMessage());
            }
            Framed.write(socket.getOutputStream(), answer);
        } catch (SSLException e) {
            failureLimit.failed(address, System.nanoTime());
            LOG.warn("refused {} at the enrolment port: {}", address.getHostAddress(), e.getMessage());
        } catch (IOException e) {
            failureLimit.failed(address, System.nanoTime());
            LOG.warn("the exchange with {} at the enrolment port failed: {}", address.getHostAddress(), e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("the exchange with {} at the enrolment port failed", address.getHostAddress(), e);
        } finally {
            watchdog.interrupt();
        }
    }

    /// A read's time-out alone lets a peer keep a place for ever with a byte now and then.
    private static void closeAfterPatience(Socket socket) {
        try {
            Thread.sleep(PATIENCE_MILLIS);
            socket.close();
        } catch (InterruptedException | IOException e) {
            // the exchange is over, or the socket is closed already
        }
    }

    private static String word(JsonNode request) {
        String word = request.path("request").asText();
        return word.length() > 20 ? "request" : "'" + word + "'";
    }

    private Optional<NodeId> client(SSLSocket socket) throws CertificateException {
        try {
            var certificate = (X509Certificate) socket.getSession().getPeerCertificates()[0];
            return Optional.of(identity.verify(certificate).node());
        } catch (SSLPeerUnverifiedException e) {
            return Optional.empty();
        }
    }

    private ObjectNode answer(JsonNode request, Optional<NodeId> client) throws IOException, SecurityFailure {
        if (request.path("version").asInt() != EnrolmentClient.VERSION)
            throw new SecurityFailure(
                    "enrolment version " + request.path("version").asInt()
                            + " is not spoken here, but " + EnrolmentClient.VERSION
                            + "; install the same version of drover on both");
        String word = request.path("request").asText();
        return switch (word) {
            case "join" -> join(request);
            case "renew" -> renew(request, proven(client));
            case "leave" -> leave(proven(client));
            default -> throw new SecurityFailure("there is no such request");
        };
    }

    private static NodeId proven(Optional<NodeId> client) throws SecurityFailure {
        return client.orElseThrow(() -> new SecurityFailure("this needs the node's certificate, and none was shown"));
    }

    private ObjectNode join(JsonNode request) throws IOException, SecurityFailure {
        EnrolledNode node = EnrolledNode.fromJson(request);
        byte[] secret = Base64.getDecoder().decode(request.path("secret").asText());
        byte[] signingRequest = Base64.getDecoder().decode(request.path("csr").asText());
        X509Certificate certificate = store.join(secret, signingRequest, node);
        LOG.info("{} joined from {}", node.node(), node.address());
        joined.accept(node);
        return certified(certificate);
    }

    private ObjectNode renew(JsonNode request, NodeId node) throws IOException, SecurityFailure {
        byte[] signingRequest = Base64.getDecoder().decode(request.path("csr").asText());
        X509Certificate certificate = store.renew(node, signingRequest);
        LOG.info(
                "renewed the certificate of {} until {}",
                node,
                certificate.getNotAfter().toInstant());
        return certified(certificate);
    }

    private ObjectNode leave(NodeId node) throws IOException, SecurityFailure {
        revocations.offer(store.revoke(node));
        LOG.info("{} left the cluster", node);
        return JsonNodeFactory.instance.objectNode().put("ok", true);
    }

    private ObjectNode certified(X509Certificate certificate) throws IOException, SecurityFailure {
        ObjectNode answer = JsonNodeFactory.instance.objectNode().put("ok", true);
        try {
            answer.put("certificate", Pem.encode("CERTIFICATE", certificate.getEncoded()));
            answer.put(
                    "authority", Pem.encode("CERTIFICATE", store.certificate().getEncoded()));
        } catch (CertificateException e) {
            throw new IllegalStateException("a certificate cannot be encoded", e);
        }
        answer.put("revocations", Base64.getEncoder().encodeToString(store.revocations()));
        var peers = answer.putArray("peers");
        store.nodes().forEach(node -> peers.add(node.toJson()));
        return answer;
    }

    @Override
    public void close() {
        try {
            listening.close();
        } catch (IOException e) {
            LOG.warn("closing the enrolment port failed: {}", e.getMessage());
        }
    }
}
