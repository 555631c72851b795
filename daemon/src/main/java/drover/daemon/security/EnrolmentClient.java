package drover.daemon.security;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import drover.model.NodeId;
import drover.protocol.mtls.IdentityFiles;
import drover.protocol.mtls.IdentityMaterial;
import drover.protocol.mtls.Pem;
import drover.protocol.mtls.TlsIdentity;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;

/// Asks the authority's node for a certificate. The key is made here and never leaves this machine.
final class EnrolmentClient {
    static final int VERSION = 1;
    private static final int CONNECT_MILLIS = 5_000;
    private static final int ANSWER_MILLIS = 30_000; // the authority's disk may be slow, and machines may queue

    /// What enrolment gives.
    ///
    /// @param revocations the signed revocation list
    /// @param peers the nodes of the cluster, this one included
    record Enrolled(IdentityMaterial material, Revoked revocations, List<EnrolledNode> peers) {}

    /// A signed revocation list on its way.
    record Revoked(String base64) {
        byte[] signed() {
            return Base64.getDecoder().decode(base64);
        }
    }

    private EnrolmentClient() {}

    /// Joins at the first of the addresses that answers.
    ///
    /// @throws SecurityFailure when the authority refuses, or is not the one of the token
    static Enrolled join(List<HostPort> addresses, JoinToken token, EnrolledNode self)
            throws IOException, SecurityFailure {
        KeyPair keys = Authority.newKeys();
        ObjectNode request = request("join")
                .put("secret", Base64.getEncoder().encodeToString(token.secret()))
                .put("csr", csr(keys, self.node()))
                .setAll(self.toJson());
        JsonNode answer = askAny(addresses, pinned(token.authorityHash()), request);
        return enrolled(answer, keys, token.authorityHash());
    }

    /// A new certificate with a new key, proven by the present one.
    static Enrolled renew(List<HostPort> addresses, TlsIdentity identity) throws IOException, SecurityFailure {
        KeyPair keys = Authority.newKeys();
        JsonNode answer =
                askAny(addresses, identity.enrolmentContext(), request("renew").put("csr", csr(keys, identity.node())));
        return enrolled(answer, keys, Hashes.sha256(identity.material().authority()));
    }

    /// Gives up this node's certificates.
    static void leave(List<HostPort> addresses, TlsIdentity identity) throws IOException, SecurityFailure {
        askAny(addresses, identity.enrolmentContext(), request("leave"));
    }

    private static ObjectNode request(String word) {
        return JsonNodeFactory.instance.objectNode().put("version", VERSION).put("request", word);
    }

    private static String csr(KeyPair keys, NodeId node) {
        return Base64.getEncoder().encodeToString(Authority.request(keys, node));
    }

    private static JsonNode askAny(List<HostPort> addresses, SSLContext context, ObjectNode request)
            throws IOException, SecurityFailure {
        var troubles = new ArrayList<String>();
        for (HostPort address : addresses) {
            try {
                return ask(address, context, request);
            } catch (IOException e) {
                SecurityFailure pin = pinFailure(e);
                if (pin != null) throw pin;
                troubles.add(address + ": " + e.getMessage());
            }
        }
        throw new IOException("the authority's node cannot be asked (" + String.join("; ", troubles)
                + "); is its daemon running, and its enrolment port reachable from here?");
    }

    private static SecurityFailure pinFailure(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause())
            if (cause instanceof PinnedTrust.NotPinned) return new SecurityFailure(cause.getMessage(), thrown);
        return null;
    }

    private static JsonNode ask(HostPort address, SSLContext context, ObjectNode request)
            throws IOException, SecurityFailure {
        InetSocketAddress resolved = address.resolve();
        if (resolved.isUnresolved()) throw new IOException("the name cannot be resolved");
        try (var plain = new Socket()) {
            plain.connect(resolved, CONNECT_MILLIS);
            try (var socket =
                    (SSLSocket) context.getSocketFactory().createSocket(plain, address.host(), address.port(), true)) {
                socket.setSoTimeout(ANSWER_MILLIS);
                socket.setEnabledProtocols(new String[] {"TLSv1.3"});
                socket.startHandshake();
                Framed.write(socket.getOutputStream(), request);
                JsonNode answer = Framed.read(socket.getInputStream(), Framed.ANSWER_LIMIT_BYTES);
                if (!answer.path("ok").asBoolean())
                    throw new SecurityFailure(answer.path("error").asText("it gave no reason"));
                return answer;
            }
        }
    }

    private static SSLContext pinned(byte[] authorityHash) {
        try {
            SSLContext context = SSLContext.getInstance("TLSv1.3");
            context.init(null, new TrustManager[] {new PinnedTrust(authorityHash)}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK has no TLS 1.3", e);
        }
    }

    private static Enrolled enrolled(JsonNode answer, KeyPair keys, byte[] authorityHash) throws SecurityFailure {
        try {
            X509Certificate certificate = certificate(answer, "certificate");
            X509Certificate authority = certificate(answer, "authority");
            if (!java.util.Arrays.equals(Hashes.sha256(authority), authorityHash))
                throw new SecurityFailure("the answer names an authority that is not the one of the token");
            var material = new IdentityMaterial(keys.getPrivate(), certificate, List.of(authority));
            var peers = new ArrayList<EnrolledNode>();
            for (JsonNode peer : answer.path("peers")) peers.add(EnrolledNode.fromJson(peer));
            return new Enrolled(material, new Revoked(answer.path("revocations").asText()), peers);
        } catch (CertificateException | IllegalArgumentException e) {
            throw new SecurityFailure("the authority's answer is damaged: " + e.getMessage(), e);
        }
    }

    private static X509Certificate certificate(JsonNode answer, String field) throws CertificateException {
        List<Pem.Block> blocks = Pem.decode(answer.path(field).asText());
        if (blocks.size() != 1) throw new CertificateException("it has no " + field);
        return IdentityFiles.certificate(blocks.getFirst().der());
    }
}
