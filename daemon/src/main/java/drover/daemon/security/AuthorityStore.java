package drover.daemon.security;

import drover.daemon.security.AuthorityBook.Issued;
import drover.model.NodeId;
import drover.protocol.mtls.IdentityFiles;
import drover.protocol.mtls.Pem;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/// The authority on disk, `ca/`: its key and certificate in `authority.pem`, its book in `authority.json`.
/// Commands and the daemon use it side by side: every change holds the lock of `ca/lock`, and one rename makes
/// it all true, so that a token's use and the certificate it bought are recorded together. Thread rule: any
/// thread.
public final class AuthorityStore {
    private final Path directory;
    private final Authority authority;
    private final InstantSource clock;

    /// What a changed book is, and what the change gave.
    private record Changed<T>(AuthorityBook book, T result) {}

    @FunctionalInterface
    private interface Change<T> {
        Changed<T> apply(AuthorityBook book, Instant now) throws SecurityFailure;
    }

    private AuthorityStore(Path directory, Authority authority, InstantSource clock) {
        this.directory = directory;
        this.authority = authority;
        this.clock = clock;
    }

    static Path pem(Path directory) {
        return directory.resolve("authority.pem");
    }

    static Path bookFile(Path directory) {
        return directory.resolve("authority.json");
    }

    /// Makes a new authority.
    static AuthorityStore create(Path directory, String clusterId, Duration certificateLife, InstantSource clock)
            throws IOException {
        Authority authority = Authority.create(clusterId, clock.instant());
        IdentityFiles.replace(
                bookFile(directory), AuthorityBook.empty(certificateLife).toJson());
        IdentityFiles.replace(pem(directory), encode(authority));
        return new AuthorityStore(directory, authority, clock);
    }

    /// Reads the authority.
    ///
    /// @throws SecurityFailure when there is none here
    static AuthorityStore open(Path directory, InstantSource clock) throws IOException, SecurityFailure {
        Path pem = pem(directory);
        if (!Files.exists(pem))
            throw new SecurityFailure("this node does not hold the cluster's authority (there is no " + pem
                    + "); run the command on the node where drover init was run");
        return new AuthorityStore(directory, decode(Files.readString(pem, StandardCharsets.US_ASCII), pem), clock);
    }

    X509Certificate certificate() {
        return authority.certificate();
    }

    String clusterId() {
        return authority.clusterId();
    }

    JoinToken issueToken(Duration life, int uses, List<HostPort> addresses) throws IOException, SecurityFailure {
        JoinToken token = JoinToken.random(new SecureRandom(), Hashes.sha256(certificate()), addresses);
        change((book, now) -> new Changed<>(JoinTokens.issue(book, token.secret(), life, uses, now), token));
        return token;
    }

    /// A certificate in exchange for one use of a token.
    X509Certificate join(byte[] secret, byte[] request, EnrolledNode node) throws IOException, SecurityFailure {
        return change((book, now) -> {
            AuthorityBook redeemed = JoinTokens.redeem(book, secret, now);
            if (redeemed.nodes(now).stream().anyMatch(other -> other.node().equals(node.node())))
                throw new SecurityFailure("the name " + node.node() + " is taken by another node of the cluster;"
                        + " choose another with --name, or, if that machine is gone, run: drover revoke "
                        + node.node());
            X509Certificate certificate = authority.certify(request, node.node(), redeemed.certificateLife(), now);
            return new Changed<>(noted(redeemed, node, certificate, now), certificate);
        });
    }

    /// A new certificate for a node that proved with its old one who it is.
    X509Certificate renew(NodeId node, byte[] request) throws IOException, SecurityFailure {
        return change((book, now) -> {
            EnrolledNode holder = holder(book, node, now);
            X509Certificate certificate = authority.certify(request, node, book.certificateLife(), now);
            return new Changed<>(noted(book, holder, certificate, now), certificate);
        });
    }

    /// A certificate for the node that holds the authority: nobody needs to be asked.
    X509Certificate certifyOwn(PublicKey key, EnrolledNode node) throws IOException, SecurityFailure {
        return change((book, now) -> {
            X509Certificate certificate = authority.certify(key, node.node(), book.certificateLife(), now);
            return new Changed<>(noted(book, node, certificate, now), certificate);
        });
    }

    /// Revokes all certificates of a node.
    ///
    /// @return the new signed list
    /// @throws SecurityFailure when no certificate of it is valid
    byte[] revoke(NodeId node) throws IOException, SecurityFailure {
        return change((book, now) -> {
            holder(book, node, now);
            List<Issued> certificates = book.certificates().stream()
                    .map(issued -> issued.holder().node().equals(node) ? issued.asRevoked() : issued)
                    .toList();
            AuthorityBook next = book.withNextRevocation(certificates).pruned(now);
            return new Changed<>(next, list(next, now));
        });
    }

    /// The signed list of revoked certificates as the book has it now.
    byte[] revocations() throws IOException, SecurityFailure {
        return change((book, now) -> new Changed<>(book, list(book, now)));
    }

    List<EnrolledNode> nodes() throws IOException, SecurityFailure {
        return change((book, now) -> new Changed<>(book, book.nodes(now)));
    }

    Duration certificateLife() throws IOException, SecurityFailure {
        return change((book, now) -> new Changed<>(book, book.certificateLife()));
    }

    private byte[] list(AuthorityBook book, Instant now) {
        List<Issued> revoked =
                book.certificates().stream().filter(Issued::revoked).toList();
        return authority.revocationList(book.revocationNumber(), revoked, now);
    }

    private static EnrolledNode holder(AuthorityBook book, NodeId node, Instant now) throws SecurityFailure {
        return book.nodes(now).stream()
                .filter(enrolled -> enrolled.node().equals(node))
                .findFirst()
                .orElseThrow(() -> new SecurityFailure("no node " + node
                        + " holds a valid certificate of this cluster; those that do: "
                        + book.nodes(now).stream()
                                .map(enrolled -> enrolled.node().name())
                                .toList()));
    }

    private static AuthorityBook noted(
            AuthorityBook book, EnrolledNode node, X509Certificate certificate, Instant now) {
        List<Issued> certificates = new ArrayList<>(book.certificates());
        certificates.add(new Issued(
                certificate.getSerialNumber(), node, certificate.getNotAfter().toInstant(), false));
        return book.withCertificates(certificates).pruned(now);
    }

    private synchronized <T> T change(Change<T> change) throws IOException, SecurityFailure {
        try (FileChannel lock = FileChannel.open(
                        directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                var _ = lock.lock()) {
            AuthorityBook before = AuthorityBook.fromJson(Files.readString(bookFile(directory)));
            Changed<T> changed = change.apply(before, clock.instant());
            if (!changed.book().equals(before))
                IdentityFiles.replace(bookFile(directory), changed.book().toJson());
            return changed.result();
        } catch (IllegalArgumentException e) {
            throw new SecurityFailure(
                    bookFile(directory) + ": " + e.getMessage() + "; restore it with: drover ca restore FILE", e);
        }
    }

    static byte[] encode(Authority authority) {
        try {
            return (Pem.encode("PRIVATE KEY", authority.key().getEncoded())
                            + Pem.encode("CERTIFICATE", authority.certificate().getEncoded()))
                    .getBytes(StandardCharsets.US_ASCII);
        } catch (CertificateException e) {
            throw new IllegalStateException("the authority's certificate cannot be encoded", e);
        }
    }

    static Authority decode(String text, Path named) throws IOException {
        try {
            PrivateKey key = null;
            X509Certificate certificate = null;
            for (Pem.Block block : Pem.decode(text)) {
                if (block.label().equals("PRIVATE KEY")) key = IdentityFiles.key(block.der());
                if (block.label().equals("CERTIFICATE")) certificate = IdentityFiles.certificate(block.der());
            }
            if (key == null || certificate == null) throw new CertificateException("it lacks its key or certificate");
            return new Authority(key, certificate, drover.protocol.mtls.PeerIdentity.clusterOf(certificate));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IOException("the authority in " + named + " is damaged: " + e.getMessage(), e);
        }
    }
}
