package drover.protocol.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.NodeId;
import drover.protocol.mtls.IdentityMaterial;
import drover.protocol.mtls.Revocations;
import drover.protocol.mtls.TestAuthority;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Whoever is not a node of this cluster, or does not talk like one, is refused with a logged reason; and after
/// each of them a real node still gets its link.
class RefusalIT {
    private static final String CLUSTER = "test-1";
    private final TestAuthority authority = new TestAuthority(CLUSTER);
    private final Set<BigInteger> revoked = ConcurrentHashMap.newKeySet();
    private final Revocations revocations = certificate -> revoked.contains(certificate.getSerialNumber());
    private final IdentityMaterial guest = authority.issue("n9");
    private final LogLines log = new LogLines();
    private TestNode node;
    private InetSocketAddress address;

    @BeforeEach
    void startTheNode() throws Exception {
        node = new TestNode(authority.issue("n1"), revocations, config -> config);
        address = node.hub.listenAddress();
    }

    @AfterEach
    void aRealNodeStillGetsItsLink() throws Exception {
        try (log;
                var _ = node;
                var real = new TestNode(authority.issue("n2"))) {
            real.knows(node);
            real.hub.keep(node.id);
            real.awaitLink(node.id, LinkClass.JOBS).send(TestNode.frame(new byte[] {5}));
            Waiting.until("the echo", () -> real.answers.size() == 1);
        }
    }

    private void refused(String reason) throws InterruptedException {
        log.await("refused ... " + reason, line -> line.startsWith("refused") && line.contains(reason));
        assertTrue(node.events.isEmpty(), () -> "it became a link: " + node.events);
    }

    @Test
    void aPeerThatSpeaksNoTls() throws Exception {
        try (var stranger = Stranger.plain(address)) {
            stranger.say("GET / HTTP/1.1\r\nHost: n1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            stranger.hearUntilTheEnd();
        }
        refused("does not speak TLS");
    }

    private TestNode hasty() throws Exception {
        return new TestNode(
                authority.issue("n3"), revocations, config -> config.withHandshakeTimeout(Duration.ofSeconds(1)));
    }

    @Test
    void aPeerThatSaysNothing() throws Exception {
        try (var hasty = hasty();
                var stranger = Stranger.plain(hasty.hub.listenAddress())) {
            stranger.hearUntilTheEnd();
        }
        refused("no handshake within");
    }

    @Test
    void aPeerThatSaysNothingAfterItsHandshake() throws Exception {
        try (var hasty = hasty();
                var stranger = Stranger.secured(hasty.hub.listenAddress(), guest)) {
            stranger.hearUntilTheEnd();
        }
        refused("no handshake within");
    }

    @Test
    void aPeerWithoutACertificate() throws Exception {
        try (var stranger = Stranger.secured(address, Optional.empty(), "TLSv1.3")) {
            assertEquals(0, stranger.hearUntilTheEnd().length);
        }
        refused("PEER_DID_NOT_RETURN_A_CERTIFICATE");
    }

    @Test
    void anOlderTls() throws Exception {
        try (var stranger = Stranger.secured(address, Optional.of(guest), "TLSv1.2")) {
            assertEquals(0, stranger.hearUntilTheEnd().length);
        }
        refused("the TLS handshake failed");
    }

    private void certificateIsRefused(IdentityMaterial material, String reason) throws Exception {
        try (var stranger = Stranger.secured(address, material)) {
            assertEquals(0, stranger.hearUntilTheEnd().length);
        }
        refused(reason);
    }

    @Test
    void anotherClustersCertificate() throws Exception {
        certificateIsRefused(
                new TestAuthority("other-2").issue("n9"), "is not signed by the authority of this cluster");
    }

    @Test
    void anotherAuthorityOfTheSameName() throws Exception {
        certificateIsRefused(new TestAuthority(CLUSTER).issue("n9"), "is not signed by the authority of this cluster");
    }

    @Test
    void anExpiredCertificate() throws Exception {
        Instant now = Instant.now();
        certificateIsRefused(
                authority.issue("CN=n9,O=" + CLUSTER, now.minusSeconds(3600), now.minusSeconds(1)), "expired on");
    }

    @Test
    void aCertificateOfTheFuture() throws Exception {
        Instant now = Instant.now();
        certificateIsRefused(
                authority.issue("CN=n9,O=" + CLUSTER, now.plusSeconds(3600), now.plusSeconds(7200)),
                "is not valid before");
    }

    @Test
    void aNodesCertificateThatClaimsToBeAnAuthority() throws Exception {
        certificateIsRefused(authority.issueAuthority("n9"), "is an authority's");
    }

    @Test
    void aRevokedCertificate() throws Exception {
        revoked.add(guest.certificate().getSerialNumber());
        certificateIsRefused(guest, "is revoked");
    }

    @Test
    void aCertificateRevokedWhileItsLinkStands() throws Exception {
        try (var home = new TestNode(guest)) {
            home.knows(node);
            home.hub.keep(node.id);
            for (LinkClass linkClass : TestNode.CLASSES) home.awaitLink(node.id, linkClass);
            revoked.add(guest.certificate().getSerialNumber());
            node.hub.disconnect(revocations::isRevoked, "its certificate was revoked");
            Waiting.until(
                    () -> "all are down, heard was " + node.events,
                    () -> node.events.size() >= 6 && node.hasHeardEveryEnd());
            List<String> heard = List.copyOf(node.events);
            log.await("the dialler's", line -> line.contains("it says that this node's certificate is revoked"));
            log.await("refused again", line -> line.startsWith("refused") && line.contains("is revoked"));
            assertTrue(node.hub.linkFrom(home.id, LinkClass.JOBS).isEmpty());
            assertEquals(heard, node.events);
        }
    }

    private void greetingIsRefused(byte[] greeting, String reason, String told) throws Exception {
        try (var stranger = Stranger.secured(address, guest)) {
            stranger.sayFrame(greeting);
            String heard = new String(stranger.hearUntilTheEnd(), StandardCharsets.UTF_8);
            assertTrue(heard.contains(told), () -> "it was told: " + heard);
        }
        refused(reason);
    }

    @Test
    void aVersionFromTheFuture() throws Exception {
        greetingIsRefused(Stranger.greeting(7, 9, 1, CLUSTER, "n9"), "no common version", "no common version");
    }

    @Test
    void anotherClustersGreeting() throws Exception {
        greetingIsRefused(Stranger.greeting(1, 1, 1, "other-2", "n9"), "it is of cluster other-2", "cluster other-2");
    }

    @Test
    void aNameThatIsNotTheCertificates() throws Exception {
        greetingIsRefused(
                Stranger.greeting(1, 1, 1, CLUSTER, "n8"), "it calls itself n8, its certificate says n9", "n8");
    }

    @Test
    void aClassThatDoesNotExist() throws Exception {
        greetingIsRefused(Stranger.greeting(1, 1, 77, CLUSTER, "n9"), "unknown class of link 77", "");
    }

    @Test
    void aWrongMagic() throws Exception {
        byte[] greeting = Stranger.greeting(1, 1, 1, CLUSTER, "n9");
        greeting[1] ^= 1;
        greetingIsRefused(greeting, "the peer is no Drover node", "");
    }

    @Test
    void aTruncatedGreeting() throws Exception {
        byte[] greeting = Stranger.greeting(1, 1, 1, CLUSTER, "n9");
        greetingIsRefused(Arrays.copyOf(greeting, greeting.length - 1), "cut off", "");
    }

    @Test
    void aGreetingLongerThanAnyGreeting() throws Exception {
        greetingIsRefused(new byte[Hello.LIMIT_BYTES + 1], "a frame of 1025 bytes", "");
    }

    @Test
    void anOversizedFrameOnAnEstablishedLink() throws Exception {
        try (var stranger = Stranger.secured(address, guest)) {
            stranger.sayFrame(Stranger.greeting(1, 1, 2, CLUSTER, "n9"));
            stranger.say(new byte[] {-1, -1, -1, -1});
            stranger.hearUntilTheEnd();
        }
        log.await("refused", line -> line.startsWith("refused") && line.contains("a frame of 4294967295 bytes"));
        Waiting.until("down", () -> node.events.contains("down n9 FILES false"));
    }

    @Test
    void aNodeAtAnothersAddressIsNotTakenForIt() throws Exception {
        try (var home = new TestNode(guest)) {
            home.knows(new NodeId("n5"), address);
            home.hub.keep(new NodeId("n5"));
            log.await("no link", line -> line.contains("no link to n5") && line.contains("it is n1, expected was n5"));
        }
        assertTrue(node.events.isEmpty());
    }

    @Test
    void aDiallerWithABadCertificateIsToldWhatIsWrongWithIt() throws Exception {
        Instant now = Instant.now();
        try (var other = new TestNode(new TestAuthority("other-2").issue("n7"));
                var expired = new TestNode(
                        authority.issue("CN=n8,O=" + CLUSTER, now.minusSeconds(60), now.minusSeconds(1)))) {
            expired.knows(node);
            expired.hub.keep(node.id);
            log.await("expired", line -> line.contains("it says that this node's certificate has expired"));
            other.knows(node);
            other.hub.keep(node.id);
            log.await("n1 is not believed", line -> line.contains("no link to n1") && line.contains("not signed by"));
        }
        assertTrue(node.events.isEmpty());
    }

    @Test
    void aDialledNodeTellsWhyItRefused() throws Exception {
        int next = LinkConfig.CURRENT_VERSION + 1;
        try (var home = new TestNode(guest, Revocations.NONE, config -> config.withVersions(next, next + 1))) {
            home.knows(node);
            home.hub.keep(node.id);
            log.await(
                    "the dialler's",
                    line -> line.contains("no link to n1") && line.contains("it speaks " + next + " to " + (next + 1)));
        }
        refused("no common version");
    }

    @Test
    void strangersBeyondTheLimitAreTurnedAwayAtOnceAndTheirPlacesComeFree() throws Exception {
        try (var small = new TestNode(
                authority.issue("n3"),
                Revocations.NONE,
                config -> config.withUnauthenticatedLimits(4, 3).withHandshakeTimeout(Duration.ofSeconds(1)))) {
            List<Stranger> waiting = new ArrayList<>();
            for (int i = 0; i < 8; i++) waiting.add(Stranger.plain(small.hub.listenAddress()));
            log.await("too many", line -> line.contains("too many connections"));
            for (Stranger stranger : waiting) {
                stranger.hearUntilTheEnd();
                stranger.close();
            }
            try (var home = new TestNode(guest)) {
                home.knows(small);
                home.hub.keep(small.id);
                for (LinkClass linkClass : TestNode.CLASSES) home.awaitLink(small.id, linkClass);
            }
        }
    }

    @Test
    void noRandomBytesBeforeTlsOrAfterItHurtTheHub() throws Exception {
        long seed = Long.getLong("drover.seed", 20261123L);
        var random = new Random(seed);
        for (int round = 0; round < 120; round++) {
            byte[] bytes = mutated(random);
            int kind = round % 3;
            try (var stranger = kind == 0 ? Stranger.plain(address) : Stranger.secured(address, guest)) {
                if (kind == 2) stranger.sayFrame(Stranger.greeting(1, 1, 1 + random.nextInt(3), CLUSTER, "n9"));
                if (random.nextBoolean()) stranger.sayFrame(bytes);
                else stranger.say(bytes);
            } catch (java.io.IOException e) {
                // the hub closed first: that is its right
            }
            int at = round;
            assertTrue(node.hub.listenAddress().getPort() > 0, () -> "round " + at + " of seed " + seed);
        }
        try (var home = new TestNode(authority.issue("n4"))) {
            home.knows(node);
            home.hub.keep(node.id);
            for (LinkClass linkClass : TestNode.CLASSES)
                home.awaitLink(node.id, linkClass).send(TestNode.frame(new byte[] {1, 2}));
            Waiting.until("echoes after seed " + seed, () -> home.answers.size() == 3);
        }
    }

    private static byte[] mutated(Random random) {
        byte[] base = Stranger.greeting(1, 1, 1, CLUSTER, "n9");
        byte[] bytes = switch (random.nextInt(3)) {
            case 0 -> Arrays.copyOf(base, random.nextInt(base.length));
            case 1 -> base.clone();
            default -> new byte[1 + random.nextInt(4000)];
        };
        if (bytes.length > 200) random.nextBytes(bytes);
        else
            for (int i = 0; i < 3 && bytes.length > 0; i++)
                bytes[random.nextInt(bytes.length)] ^= (byte) random.nextInt();
        return bytes;
    }
}
