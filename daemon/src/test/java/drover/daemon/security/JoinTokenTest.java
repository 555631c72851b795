package drover.daemon.security;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JoinTokenTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration HOUR = Duration.ofHours(1);
    private final byte[] secret = filled(16, 1);
    private final AuthorityBook empty = AuthorityBook.empty(Duration.ofDays(30));

    private static byte[] filled(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static String refusal(AuthorityBook book, byte[] secret, Instant now) {
        return assertThrows(SecurityFailure.class, () -> JoinTokens.redeem(book, secret, now))
                .getMessage();
    }

    @Test
    void theTextBringsEverythingBack() throws Exception {
        var addresses = List.of(new HostPort("10.0.0.1", 7411), new HostPort("fe80::1", 99), new HostPort("n1.lan", 1));
        JoinToken back = JoinToken.parse("  " + new JoinToken(secret, filled(32, 2), addresses).text() + "\n");
        assertArrayEquals(secret, back.secret());
        assertArrayEquals(filled(32, 2), back.authorityHash());
        assertEquals(addresses, back.addresses());
    }

    @Test
    void everyMistypedCharacterIsNoticed() {
        String text = new JoinToken(secret, filled(32, 2), List.of(new HostPort("h", 1))).text();
        for (int i = 0; i < text.length() - 1; i++) { // the last one may hold bits that mean nothing
            char other = text.charAt(i) == 'A' ? 'B' : 'A';
            String mistyped = text.substring(0, i) + other + text.substring(i + 1);
            assertThrows(SecurityFailure.class, () -> JoinToken.parse(mistyped), mistyped);
        }
        for (int i = 0; i < text.length(); i++) {
            String cut = text.substring(0, i);
            assertThrows(SecurityFailure.class, () -> JoinToken.parse(cut), cut);
        }
    }

    @Test
    void aTokenIsGoodUntilItsEndAndForItsUses() throws Exception {
        AuthorityBook book = JoinTokens.issue(empty, secret, HOUR, 2, NOW);
        AuthorityBook once = JoinTokens.redeem(book, secret, NOW);
        AuthorityBook twice = JoinTokens.redeem(once, secret, NOW.plus(HOUR).minusMillis(1));
        assertTrue(refusal(twice, secret, NOW).contains("used up"));
        assertTrue(refusal(once, secret, NOW.plus(HOUR)).contains("expired"));
        assertTrue(refusal(book, filled(16, 9), NOW).contains("forged"));
    }

    @Test
    void nonsenseIsRefusedWithWhatWasAsked() {
        assertThrows(SecurityFailure.class, () -> JoinTokens.issue(empty, secret, Duration.ZERO, 1, NOW));
        assertThrows(SecurityFailure.class, () -> JoinTokens.issue(empty, secret, Duration.ofDays(31), 1, NOW));
        assertThrows(SecurityFailure.class, () -> JoinTokens.issue(empty, secret, HOUR, 0, NOW));
    }

    @Test
    void theBookComesBackFromItsText() throws Exception {
        AuthorityBook book = JoinTokens.issue(empty, secret, HOUR, 3, NOW)
                .withNextRevocation(List.of(new AuthorityBook.Issued(
                        java.math.BigInteger.TEN,
                        new EnrolledNode(new drover.model.NodeId("n1"), "10.0.0.1", 1, 2),
                        NOW.plus(HOUR),
                        true)));
        assertEquals(book, AuthorityBook.fromJson(new String(book.toJson(), java.nio.charset.StandardCharsets.UTF_8)));
    }

    @Test
    void hostNamesBecomeNodeNames() {
        assertEquals("web-1", NodeSetup.validName("Web_1.example.org"));
        assertEquals("node", NodeSetup.validName("___"));
        assertEquals("a", NodeSetup.validName("-a-"));
        new drover.model.NodeId(NodeSetup.validName("x".repeat(200)));
    }

    @Test
    void anAddressThatFailsTooOftenWaitsForTheWindowToEnd() throws Exception {
        var limit = new FailureLimit(2, Duration.ofSeconds(60));
        var address = java.net.InetAddress.getByAddress(new byte[] {10, 0, 0, 1});
        limit.failed(address, 0);
        assertTrue(limit.allows(address, 1));
        limit.failed(address, 1);
        assertEquals(false, limit.allows(address, 2));
        assertTrue(limit.allows(address, Duration.ofSeconds(61).toNanos()));
    }
}
