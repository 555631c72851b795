package drover.daemon.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.daemon.deputy.DeputyConnection;
import drover.homefs.server.FileTransfer;
import drover.model.Credentials;
import drover.protocol.Wire;
import drover.protocol.file.Bytes;
import drover.protocol.job.JobMessage.Session;
import drover.protocol.job.JobMessage.StartGuest;
import drover.protocol.local.FieldReader;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What any user of this machine can and cannot do at the daemon's socket and to its files.
@Timeout(60)
class HostileCallersIT {
    @TempDir
    Path directory;

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    void environmentsAndSecretsInTheJournalAreForRootAlone() throws Exception {
        try (TestHome home = new TestHome(directory);
                TestDeputy deputy = home.deputy().run("{}", "/bin/true")) {
            deputy.expect(TestDeputy.ACCEPTED);
            for (String name : List.of("journal.db", "journal.db-wal", "journal.db-shm"))
                assertEquals("rw-------", mode(directory.resolve(name)), name);
        }
    }

    @Test
    void aJournalThatWasReadableIsMadePrivate() throws Exception {
        new TestHome(directory).close();
        Files.setPosixFilePermissions(directory.resolve("journal.db"), PosixFilePermissions.fromString("rw-r--r--"));
        try (TestHome _ = new TestHome(directory)) {
            assertEquals("rw-------", mode(directory.resolve("journal.db")));
        }
    }

    @Test
    void oneConnectionStandsForOneJobSoThatItsEndEndsThem() throws Exception {
        try (TestHome home = new TestHome(directory);
                TestDeputy deputy = home.deputy().run("{}", "/bin/first")) {
            deputy.expect(TestDeputy.ACCEPTED);
            deputy.run("{}", "/bin/second");
            deputy.countUntilClosed();
            home.nodes.awaitStart();
            assertTrue(home.nodes.isQuiet(StartGuest.class), "the second was not started");
        }
    }

    @Test
    void aKeyThatInterruptsTheForegroundGroupCancelsAWaitingJob() throws Exception {
        try (TestHome home = new TestHome(directory)) {
            List<TestDeputy> deputies = fill(home);
            try (TestDeputy waits = home.deputy().run("{}", "/bin/waits")) {
                waits.expect(TestDeputy.ACCEPTED);
                waits.signal(0, 0x80 | 2);
                FieldReader ended = waits.expect(TestDeputy.ENDED);
                assertEquals(1, ended.u8(), "by a signal");
                assertEquals(2, ended.u8());
            }
            for (TestDeputy deputy : deputies) deputy.close();
        }
    }

    @Test
    void aSignalThatEndsNoProcessDoesNotEndAWaitingJob() throws Exception {
        try (TestHome home = new TestHome(directory)) {
            List<TestDeputy> deputies = fill(home);
            try (TestDeputy waits = home.deputy().run("{}", "/bin/waits")) {
                waits.expect(TestDeputy.ACCEPTED);
                for (int harmless : new int[] {18, 28, 17, 0, 65, 20}) waits.signal(0, harmless);
                waits.signal(0, 15);
                FieldReader ended = waits.expect(TestDeputy.ENDED);
                ended.u8();
                assertEquals(15, ended.u8(), "the first of them that ends a process");
            }
            for (TestDeputy deputy : deputies) deputy.close();
        }
    }

    @Test
    void aSignalForTheGroupReachesTheNodeAsOne() throws Exception {
        try (TestHome home = new TestHome(directory);
                TestDeputy deputy = home.deputy().run("{}", "/bin/true")) {
            deputy.expect(TestDeputy.ACCEPTED);
            home.nodes.awaitStart();
            deputy.signal(0, 0x80 | 2);
            ByteBuf frame = ((Session) home.nodes.await(Session.class).message()).frame();
            assertEquals(0x80 | 2, frame.getUnsignedByte(5));
        }
    }

    @Test
    void whoDoesNotReadHisAnswersStopsBeingHeard() throws Exception {
        try (TestHome home = new TestHome(directory);
                TestDeputy deaf = home.deputy()) {
            int accepted = deaf.askWithoutReading("{\"command\":\"ps\",\"all\":true}", 2_000_000);
            assertTrue(accepted < 2_000_000, "all questions were taken in, though no answer was read");
            try (TestDeputy other = home.deputy().command("{\"command\":\"ps\"}")) {
                other.expect(TestDeputy.RESULT);
            }
        }
    }

    @Test
    void whoMayOnlyAskIsToldSoAndCannotSendMegabytes() throws Exception {
        try (TestHome home = new TestHome(directory, OnlyAsk::new)) {
            try (TestDeputy asks = home.deputy().command("{\"command\":\"ps\"}")) {
                asks.expect(TestDeputy.RESULT);
            }
            try (TestDeputy big = home.deputy().run("{}", "/bin/true", "x".repeat(200_000))) {
                FieldReader refused = big.expect(TestDeputy.REFUSED);
                assertEquals(125, refused.u8());
                String why = new String(refused.rest(), StandardCharsets.UTF_8);
                assertTrue(why.contains("may not run jobs"), why);
            }
        }
    }

    @Test
    void whoMayOnlyAskCannotTakeAllConnections() throws Exception {
        try (TestHome home = new TestHome(directory, OnlyAsk::new)) {
            List<TestDeputy> many = new ArrayList<>();
            int answered = 0;
            for (int i = 0; i < 80; i++) {
                TestDeputy one = home.deputy();
                many.add(one);
                try {
                    one.command("{\"command\":\"ps\"}").expect(TestDeputy.RESULT);
                    answered++;
                } catch (IOException | AssertionError refused) {
                    // beyond the limit
                }
            }
            assertEquals(64, answered);
            for (TestDeputy one : many) one.close();
            for (int i = 0; ; i++) { // their places are free again
                try (TestDeputy one = home.deputy().command("{\"command\":\"ps\"}")) {
                    one.expect(TestDeputy.RESULT);
                    break;
                } catch (IOException | AssertionError e) {
                    if (i == 100) throw e;
                    Thread.sleep(20);
                }
            }
        }
    }

    @Test
    void aJobWhoseDeputyWasKilledBeforeItWasTakenEndsAndTakesNoPlace() throws Exception {
        CompletableFuture<Runnable> request = new CompletableFuture<>();
        try (TestHome home =
                new TestHome(directory, (jobs, queries, nodes) -> new Late(jobs, queries, nodes, request))) {
            KilledDeputy.run(directory.resolve("drover.sock"));
            request.get(20, TimeUnit.SECONDS).run();
            assertTrue(home.nodes.isQuiet(StartGuest.class), "it was not started");
            try (TestDeputy asks = home.deputy().command("{\"command\":\"ps\",\"all\":true}")) {
                String json = new String(asks.expect(TestDeputy.RESULT).rest(), StandardCharsets.UTF_8);
                assertTrue(json.contains("\"state\":\"exited\"") && json.contains("\"exit_status\":137"), json);
            }
        }
    }

    /// Runs as another user: sends frames, each over a connection of its own, and says what the last is answered.
    private String asUser(int uid, ByteBuffer... frames) throws Exception {
        for (Path path = directory; path != null && path.startsWith(Path.of("/tmp")); path = path.getParent())
            if (!path.equals(Path.of("/tmp")))
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
        String script = """
                import socket, struct, sys
                kept = []
                for frame in sys.argv[2:]:
                    s = socket.socket(socket.AF_UNIX)
                    s.connect(sys.argv[1])
                    s.sendall(bytes.fromhex(frame))
                    answer = s.makefile("rb")
                    length, = struct.unpack("<i", answer.read(4))
                    last = answer.read(length)
                    assert last[0] != 102, last  # refused
                    kept.append((s, answer))
                print(last[1:].decode(), flush=True)
                """;
        List<String> command = new ArrayList<>(List.of(
                "setpriv",
                "--reuid=" + uid,
                "--regid=" + TestHome.ALLOWED_GROUP,
                "--clear-groups",
                "/usr/bin/python3",
                "-c",
                script));
        command.add(directory.resolve("drover.sock").toString());
        for (ByteBuffer frame : frames) {
            byte[] bytes = new byte[frame.remaining()];
            frame.get(bytes);
            command.add(HexFormat.of().formatHex(bytes));
        }
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), said);
        return said;
    }

    @Test
    void whatAJobReadsAndWritesIsToldToItsUserAndRootAlone() throws Exception {
        ByteBuffer show = TestDeputy.commandFrame("{\"command\":\"show\",\"job\":\"1\"}");
        try (TestHome home = new TestHome(directory)) {
            home.transfers = List.of(new FileTransfer(Bytes.of("/home/secret-plans"), true, 5, 5, 10));
            String own = asUser(1000, TestDeputy.runFrame("{}", "/bin/true"), show.duplicate());
            assertTrue(own.contains("\"ok\":true") && own.contains("secret-plans"), own);
            String others = asUser(1001, show.duplicate());
            assertTrue(others.contains("\"ok\":true") && others.contains("\"command\""), others);
            assertFalse(others.contains("transfers") || others.contains("secret-plans"), others);
            String roots = asUser(0, show.duplicate());
            assertTrue(roots.contains("secret-plans"), roots);
        }
    }

    /// Takes every place there is: two nodes of one core take two jobs each.
    private static List<TestDeputy> fill(TestHome home) throws Exception {
        List<TestDeputy> deputies = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            deputies.add(home.deputy().run("{}", "/bin/job" + i));
            home.nodes.awaitStart();
        }
        return deputies;
    }

    /// As for a user who is neither root nor in the group.
    private static final class OnlyAsk extends LocalRequests {
        OnlyAsk(HomeJobs jobs, JobQueries queries, Nodes nodes) {
            super(jobs, queries, nodes);
        }

        @Override
        public boolean mayRun(Credentials caller) {
            return false;
        }

        @Override
        public void run(DeputyConnection caller, String options, ByteBuf spec) {
            throw new AssertionError("it was let through");
        }
    }

    /// Hands on a request only when its caller has left: a busy daemon may be that late.
    private static final class Late extends LocalRequests {
        private final CompletableFuture<Runnable> request;
        private @Nullable Runnable asked;

        Late(HomeJobs jobs, JobQueries queries, Nodes nodes, CompletableFuture<Runnable> request) {
            super(jobs, queries, nodes);
            this.request = request;
        }

        @Override
        public void run(DeputyConnection caller, String options, ByteBuf spec) {
            ByteBuf kept = Wire.heapCopy(spec);
            asked = () -> super.run(caller, options, kept);
        }

        @Override
        public void closed(DeputyConnection caller) {
            super.closed(caller);
            if (asked != null) request.complete(asked);
        }
    }
}
