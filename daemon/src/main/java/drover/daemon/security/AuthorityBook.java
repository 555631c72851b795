package drover.daemon.security;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// What the authority remembers: the tokens that may still be used, the certificates that have not expired, and
/// how often it has revoked. Immutable; every change makes a new book, which replaces the file as a whole.
///
/// @param certificateLife how long the certificates it issues are valid
/// @param revocationNumber counts the revocation lists, so that a node never goes back to an older one
record AuthorityBook(
        Duration certificateLife, long revocationNumber, List<OpenToken> tokens, List<Issued> certificates) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /// A token as the authority keeps it: the hash of its secret only.
    record OpenToken(String secretHash, Instant expires, int usesLeft) {}

    record Issued(BigInteger serial, EnrolledNode holder, Instant expires, boolean revoked) {
        boolean isValid(Instant now) {
            return !revoked && now.isBefore(expires);
        }

        Issued asRevoked() {
            return new Issued(serial, holder, expires, true);
        }
    }

    AuthorityBook {
        tokens = List.copyOf(tokens);
        certificates = List.copyOf(certificates);
        if (certificateLife.compareTo(Duration.ofSeconds(1)) < 0
                || certificateLife.compareTo(Duration.ofDays(3650)) > 0)
            throw new IllegalArgumentException("certificates live one second to 3650 days, got " + certificateLife);
    }

    static AuthorityBook empty(Duration certificateLife) {
        return new AuthorityBook(certificateLife, 0, List.of(), List.of());
    }

    AuthorityBook withTokens(List<OpenToken> changed) {
        return new AuthorityBook(certificateLife, revocationNumber, changed, certificates);
    }

    AuthorityBook withCertificates(List<Issued> changed) {
        return new AuthorityBook(certificateLife, revocationNumber, tokens, changed);
    }

    AuthorityBook withNextRevocation(List<Issued> changed) {
        return new AuthorityBook(certificateLife, revocationNumber + 1, tokens, changed);
    }

    /// Forgets expired certificates. Expired tokens are kept for a day, so that their users are told what is wrong.
    AuthorityBook pruned(Instant now) {
        Instant forgotten = now.minus(Duration.ofDays(1));
        return withTokens(tokens.stream()
                        .filter(token -> token.expires().isAfter(forgotten))
                        .toList())
                .withCertificates(certificates.stream()
                        .filter(issued -> issued.expires().isAfter(now))
                        .toList());
    }

    /// The nodes that hold a valid certificate, each once, as it enrolled last.
    List<EnrolledNode> nodes(Instant now) {
        var nodes = new java.util.TreeMap<drover.model.NodeId, EnrolledNode>();
        for (Issued issued : certificates)
            if (issued.isValid(now)) nodes.put(issued.holder().node(), issued.holder());
        return List.copyOf(nodes.values());
    }

    byte[] toJson() {
        ObjectNode root = JSON.createObjectNode()
                .put("certificate_life_seconds", certificateLife.toSeconds())
                .put("revocation_number", revocationNumber);
        for (OpenToken token : tokens)
            root.withArray("tokens")
                    .addObject()
                    .put("secret_sha256", token.secretHash())
                    .put("expires", token.expires().toString())
                    .put("uses_left", token.usesLeft());
        for (Issued issued : certificates)
            root.withArray("certificates")
                    .add(issued.holder()
                            .toJson()
                            .put("serial", issued.serial().toString(16))
                            .put("expires", issued.expires().toString())
                            .put("revoked", issued.revoked()));
        return root.toPrettyString().getBytes(StandardCharsets.UTF_8);
    }

    /// Reads a book.
    ///
    /// @throws IllegalArgumentException when it is damaged
    static AuthorityBook fromJson(String text) {
        try {
            JsonNode root = JSON.readTree(text);
            var tokens = new ArrayList<OpenToken>();
            for (JsonNode token : root.path("tokens"))
                tokens.add(new OpenToken(
                        token.path("secret_sha256").asText(),
                        Instant.parse(token.path("expires").asText()),
                        token.path("uses_left").asInt()));
            var certificates = new ArrayList<Issued>();
            for (JsonNode issued : root.path("certificates"))
                certificates.add(new Issued(
                        new BigInteger(issued.path("serial").asText(), 16),
                        EnrolledNode.fromJson(issued),
                        Instant.parse(issued.path("expires").asText()),
                        issued.path("revoked").asBoolean()));
            return new AuthorityBook(
                    Duration.ofSeconds(root.path("certificate_life_seconds").asLong()),
                    root.path("revocation_number").asLong(),
                    tokens,
                    certificates);
        } catch (JsonProcessingException | java.time.DateTimeException e) {
            throw new IllegalArgumentException("the authority's book is damaged: " + e.getMessage(), e);
        }
    }

    static String secretHash(byte[] secret) {
        return HexFormat.of().formatHex(Hashes.sha256(secret));
    }
}
