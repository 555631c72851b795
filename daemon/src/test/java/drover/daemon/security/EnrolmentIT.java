package drover.daemon.security;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.NodeId;
import drover.protocol.mtls.IdentityFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnrolmentIT {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration MONTH = Duration.ofDays(30);

    @TempDir
    private Path root;

    private static String refusal(TestMachine machine, TestMachine first, String token) {
        return assertThrows(SecurityFailure.class, () -> machine.join(first, token))
                .getMessage();
    }

    @Test
    void aMachineThatJoinedGetsLinksToTheClusterAndKnowsItsPeers() throws Exception {
        try (var n1 = TestMachine.first(root, MONTH);
                var n2 = new TestMachine(root, "n2")) {
            n2.join(n1, n1.enrolment.token(HOUR, 1));
            n2.start();
            n1.dial(n2);
            TestMachine.await("a link", () -> n1.isLinkedTo(n2));
            assertEquals(List.of("n1=127.0.0.1:7412 data=127.0.0.1:7410"), Files.readAllLines(n2.places.peers()));
            assertEquals("n2", n1.joined.getFirst().node().name());
            assertEquals(
                    n1.security.identity().clusterId(), n2.security.identity().clusterId());
            assertEquals("name=n2\naddress=127.0.0.1\n", Files.readString(n2.places.config()));
        }
    }

    @Test
    void whatIsNoAddressIsRefusedBeforeAnythingIsMade() throws Exception {
        try (var n1 = new TestMachine(root, "n1")) {
            String said = assertThrows(
                            SecurityFailure.class,
                            () -> n1.enrolment.init(Optional.of("n1"), Optional.of("999.1.1.1"), "drover", MONTH))
                    .getMessage();
            assertTrue(said.contains("'999.1.1.1' is no address") && said.contains("--address"), said);
            assertFalse(Files.exists(n1.places.config()));
            assertFalse(n1.places.hasAuthority());
        }
    }

    @Test
    void fourteenMachinesJoinAtOnceWithOneTokenAndAFifteenthDoesNot() throws Exception {
        try (var n1 = TestMachine.first(root, MONTH);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            String token = n1.enrolment.token(HOUR, 14);
            List<Future<Void>> joining = IntStream.rangeClosed(2, 15)
                    .<Callable<Void>>mapToObj(i -> () -> {
                        try (var machine = new TestMachine(root, "n" + i)) {
                            machine.join(n1, token);
                        }
                        return null;
                    })
                    .map(threads::submit)
                    .toList();
            for (Future<Void> each : joining) each.get();
            assertEquals(14, n1.joined.size());
            try (var late = new TestMachine(root, "n16")) {
                assertTrue(refusal(late, n1, token).contains("used up"));
                assertFalse(Files.exists(IdentityFiles.nodePem(late.places.identity())));
            }
        }
    }

    @Test
    void aTokenThatExpiredIsRefusedAndSaysSo() throws Exception {
        try (var n1 = TestMachine.first(root, MONTH);
                var n2 = new TestMachine(root, "n2")) {
            String token = n1.enrolment.token(Duration.ofSeconds(1), 1);
            Thread.sleep(1100);
            assertTrue(refusal(n2, n1, token).contains("expired"));
        }
    }

    @Test
    void aForgedTokenIsRefusedAndTellsNothingToAnImpostor() throws Exception {
        try (var n1 = TestMachine.first(root.resolve("a"), MONTH);
                var impostor = TestMachine.first(root.resolve("b"), MONTH);
                var n2 = new TestMachine(root, "n2")) {
            JoinToken real = JoinToken.parse(n1.enrolment.token(HOUR, 1));
            byte[] guessed = real.secret();
            guessed[3] ^= 1;
            String forged = new JoinToken(guessed, real.authorityHash(), real.addresses()).text();
            assertTrue(refusal(n2, n1, forged).contains("forged"));
            assertTrue(refusal(n2, impostor, real.text()).contains("impostor"));
            n2.join(n1, real.text()); // and it is not used up
        }
    }

    @Test
    void aNameIsGivenOnceUntilItsNodeIsRevoked() throws Exception {
        try (var n1 = TestMachine.first(root, MONTH);
                var n2 = new TestMachine(root.resolve("old"), "n2");
                var again = new TestMachine(root.resolve("new"), "n2")) {
            String token = n1.enrolment.token(HOUR, 5);
            n2.join(n1, token);
            assertTrue(refusal(again, n1, token).contains("taken"));
            n1.enrolment.revoke(new NodeId("n2"));
            again.join(n1, token);
            again.start();
            again.dial(n1);
            TestMachine.await("a link of the new n2", () -> again.isLinkedTo(n1));
        }
    }

    @Test
    void aRevokedNodesLinksAreCutWithinSecondsAndStayCut() throws Exception {
        try (var n1 = TestMachine.first(root, MONTH);
                var n2 = new TestMachine(root, "n2");
                var n3 = new TestMachine(root, "n3")) {
            String token = n1.enrolment.token(HOUR, 2);
            n2.join(n1, token);
            n3.join(n1, token);
            n2.start();
            n3.start();
            n1.security.revocations().onNewer(n3.security.revocations()::offer); // what the membership does
            n2.dial(n1);
            n2.dial(n3);
            TestMachine.await("links", () -> n2.isLinkedTo(n1) && n2.isLinkedTo(n3));
            n1.enrolment.revoke(new NodeId("n2"));
            TestMachine.await("no link", () -> !n2.isLinkedTo(n1) && !n2.isLinkedTo(n3));
            Thread.sleep(2500); // it dials again meanwhile
            assertFalse(n2.isLinkedTo(n1) || n2.isLinkedTo(n3));
        }
    }

    @Test
    void aNodeThatLeavesIsNoNodeAnyMoreAndItsNameIsFree() throws Exception {
        try (var n1 = TestMachine.first(root, MONTH);
                var n2 = new TestMachine(root, "n2")) {
            String token = n1.enrolment.token(HOUR, 2);
            n2.join(n1, token);
            assertTrue(n2.enrolment.leave().isEmpty());
            assertFalse(Files.exists(IdentityFiles.nodePem(n2.places.identity())));
            assertThrows(SecurityFailure.class, () -> NodeSecurity.open(n2.places, java.time.InstantSource.system()));
            n2.join(n1, token);
        }
    }

    @Test
    void certificatesRenewThemselvesAndLinksGoOn() throws Exception {
        try (var n1 = TestMachine.first(root, Duration.ofSeconds(9));
                var n2 = new TestMachine(root, "n2")) {
            n2.join(n1, n1.enrolment.token(HOUR, 1));
            n2.start();
            n2.dial(n1);
            TestMachine.await("a link", () -> n2.isLinkedTo(n1));
            var serial1 = n1.security.identity().material().certificate().getSerialNumber();
            var serial2 = n2.security.identity().material().certificate().getSerialNumber();
            TestMachine.await(
                    "both renewed",
                    () -> !serial1.equals(n1.security
                                    .identity()
                                    .material()
                                    .certificate()
                                    .getSerialNumber())
                            && !serial2.equals(n2.security
                                    .identity()
                                    .material()
                                    .certificate()
                                    .getSerialNumber()));
            assertTrue(n2.isLinkedTo(n1));
            var onDisk = IdentityFiles.read(n2.places.identity()).certificate().getSerialNumber();
            assertNotEquals(serial2, onDisk);
        }
    }

    @Test
    void anExpiredCertificateIsToldAtTheStartAndTheAuthoritysOwnIsRenewed() throws Exception {
        var n2 = new TestMachine(root, "n2");
        try (var n1 = TestMachine.first(root, Duration.ofSeconds(2))) {
            n2.join(n1, n1.enrolment.token(HOUR, 1));
        }
        Instant end = IdentityFiles.read(n2.places.identity())
                .certificate()
                .getNotAfter()
                .toInstant();
        TestMachine.await("its end", () -> Instant.now().isAfter(end));
        var failure = assertThrows(SecurityFailure.class, n2::start);
        assertTrue(failure.getMessage().contains("expired"), failure.getMessage());
        try (var again = new TestMachine(root, "n1")) {
            Instant before = Instant.now();
            again.start();
            Instant renewed = again.security
                    .identity()
                    .material()
                    .certificate()
                    .getNotAfter()
                    .toInstant();
            assertTrue(renewed.isAfter(before), renewed + " is not after " + before);
        }
    }

    @Test
    void theAuthorityMovesByItsBackupAndAWrongPassphraseOpensNothing() throws Exception {
        char[] passphrase = "correct horse".toCharArray();
        Path file = root.resolve("backup");
        try (var n1 = TestMachine.first(root, MONTH);
                var n2 = new TestMachine(root, "n2");
                var n3 = new TestMachine(root, "n3")) {
            n2.join(n1, n1.enrolment.token(HOUR, 1));
            n1.enrolment.backup(file, passphrase);
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
            assertFalse(Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1)
                    .contains("PRIVATE"));
            var wrong =
                    assertThrows(SecurityFailure.class, () -> n2.enrolment.restore(file, "wrong horse".toCharArray()));
            assertTrue(wrong.getMessage().contains("passphrase"));
            assertFalse(n2.places.hasAuthority());
            assertEquals(n1.security.identity().clusterId(), n2.enrolment.restore(file, passphrase));
            n2.start();
            n3.join(n2, n2.enrolment.token(HOUR, 1));
            n3.start();
            n3.dial(n1);
            TestMachine.await("n1 believes what n2 signed", () -> n3.isLinkedTo(n1));
        }
    }

    @Test
    void theAuthoritysNodeDoesNotLeaveByAccident() throws Exception {
        try (var n1 = TestMachine.first(root, MONTH)) {
            var failure = assertThrows(SecurityFailure.class, () -> n1.enrolment.leave());
            assertTrue(failure.getMessage().contains("drover ca backup"));
            assertTrue(Files.exists(IdentityFiles.nodePem(n1.places.identity())));
        }
    }

    @Test
    void aSecondInitOrJoinIsRefused() throws Exception {
        try (var n1 = TestMachine.first(root, MONTH)) {
            assertTrue(assertThrows(SecurityFailure.class, () -> n1.init(MONTH))
                    .getMessage()
                    .contains("is node n1 of cluster test-"));
            String token = n1.enrolment.token(HOUR, 1);
            assertTrue(refusal(n1, n1, token).contains("drover leave"));
        }
    }

    @Test
    void anAuthorityThatDoesNotAnswerIsNamedWithItsAddress() throws Exception {
        String token;
        String address;
        try (var n1 = TestMachine.first(root, MONTH)) {
            token = n1.enrolment.token(HOUR, 1);
            address = n1.enrolmentAddress();
        }
        try (var n2 = new TestMachine(root, "n2")) {
            var failure = assertThrows(
                    IOException.class,
                    () -> n2.enrolment.join(
                            java.util.Optional.of(address),
                            token,
                            java.util.Optional.of("n2"),
                            java.util.Optional.of("127.0.0.1")));
            assertTrue(failure.getMessage().contains(address), failure.getMessage());
        }
    }

    @Test
    void noRandomBytesAtTheEnrolmentPortStopIt() throws Exception {
        long seed = Long.getLong("drover.seed", 20261123L);
        var random = new Random(seed);
        try (var n1 = TestMachine.first(root, MONTH);
                var n2 = new TestMachine(root, "n2")) {
            int port = n1.security.enrolmentAddress().orElseThrow().getPort();
            for (int i = 0; i < 15; i++) { // fewer than an address may fail in a minute
                byte[] bytes = new byte[1 + random.nextInt(3000)];
                random.nextBytes(bytes);
                try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                    socket.getOutputStream().write(bytes);
                } catch (IOException e) {
                    // it closed first: that is its right
                }
            }
            n2.join(n1, n1.enrolment.token(HOUR, 1));
            assertEquals(1, n1.joined.size(), "seed " + seed);
        }
    }

    @Test
    void anAddressThatFailsTooOftenIsNotHeardForAWhile() throws Exception {
        try (var n1 = TestMachine.first(root, MONTH);
                var n2 = new TestMachine(root, "n2")) {
            JoinToken real = JoinToken.parse(n1.enrolment.token(HOUR, 1));
            String forged = new JoinToken(new byte[16], real.authorityHash(), real.addresses()).text();
            for (int i = 0; i < 20; i++) refusal(n2, n1, forged);
            assertThrows(IOException.class, () -> n2.join(n1, real.text()));
        }
    }

    @Test
    void theBookHoldsNoSecret() throws Exception {
        try (var n1 = TestMachine.first(root, MONTH)) {
            JoinToken token = JoinToken.parse(n1.enrolment.token(HOUR, 1));
            String book = Files.readString(AuthorityStore.bookFile(n1.places.authority()));
            assertFalse(book.contains(java.util.HexFormat.of().formatHex(token.secret())));
            assertFalse(book.contains(Base64.getEncoder().encodeToString(token.secret())));
            assertEquals(
                    "rw-------",
                    PosixFilePermissions.toString(
                            Files.getPosixFilePermissions(AuthorityStore.pem(n1.places.authority()))));
        }
    }
}
