package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Bad input and faults: one clear message each, the right exit status, and nothing is lost.
@Timeout(180) // each wait has its own limit; together they may not take longer than this
@Order(1)
class FaultsLabTest {
    private static final List<String> NODES = List.of("n1", "n2", "n3");
    /// Writes 100 numbers in about ten seconds.
    private static final String COUNT = "i=0; while [ $i -lt 100 ]; do echo $i; i=$((i+1)); sleep 0.1; done";

    private static final String COUNTED =
            IntStream.range(0, 100).mapToObj(Integer::toString).collect(Collectors.joining("\n", "", "\n"));
    private static TestLab lab;
    private static Daemons daemons;

    @BeforeAll
    static void up() throws Exception {
        lab = TestLab.up("faults", 3, "--disk", "96M");
        daemons = new Daemons(lab);
        // The lab's own commands may take some seconds on a loaded machine: a partition must be able to be shorter.
        daemons.configure("n1", "node-loss-seconds=20", "job-loss-seconds=20");
        lab.awaitUp(NODES);
    }

    @AfterAll
    static void down() throws Exception {
        if (lab != null) lab.close();
    }

    /// Each test begins with a whole cluster, whatever the one before broke.
    @BeforeEach
    void whole() throws Exception {
        for (String node : NODES) {
            if (lab.initOf(node) == 0) lab.lab("start", node);
            else if (daemons.of(node).isEmpty()) lab.launch(node, "drover", "daemon");
        }
        lab.awaitUp(NODES);
    }

    private static void awaitCount(Command counting, int number) throws Exception {
        TestLab.awaitTrue("it counts to " + number, () -> counting.seen().contains("\n" + number + "\n"));
    }

    private static void assertCounted(Command counting) throws Exception {
        Outcome outcome;
        try {
            outcome = counting.await(Command.LIMIT);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + lab.lastWords("n1") + lab.lastWords("n2"), e);
        }
        assertEquals(COUNTED, outcome.output(), outcome.errors());
        assertEquals(0, outcome.exitStatus(), outcome.errors());
    }

    private static long timesGivenUp(String node) throws Exception {
        try (Stream<String> lines = Files.lines(lab.logOf("n1"))) {
            return lines.filter(line -> line.contains(node + " does not say that it heard of a change"))
                    .count();
        }
    }

    private static void assertStillWorks() throws Exception {
        assertEquals("works", lab.run("n2", "echo", "works").orFail());
    }

    @Test
    void anUnknownNodeIsRefused() throws Exception {
        Outcome outcome = lab.run("n9", "true");
        assertEquals(125, outcome.exitStatus());
        assertTrue(
                outcome.errors().contains("no node 'n9'") && outcome.errors().contains("drover nodes"),
                outcome.errors());
    }

    @Test
    void aNodeThatIsDownIsRefusedAndServesAgainWhenItIsBack() throws Exception {
        lab.lab("kill", "n3");
        lab.awaitState("n3", "down");
        Outcome outcome = lab.run("n3", "true");
        assertEquals(125, outcome.exitStatus());
        assertTrue(outcome.errors().contains("n3 cannot be reached"), outcome.errors());
        lab.lab("start", "n3");
        lab.awaitState("n3", "up");
        assertEquals("works", lab.run("n3", "echo", "works").orFail());
    }

    /// What the node was promised, and home has taken back meanwhile, nobody there believes any more.
    @Test
    void aNodeThatBeganAnewIsNotWaitedForUntilHomeGivesItUp() throws Exception {
        lab.sh("n1", "mkdir -p /root/promised && seq 200 | sed 's,^,/root/promised/,' | xargs touch");
        lab.run("n3", "ls", "-l", "/root/promised").orFail();
        lab.lab("kill", "n3");
        lab.awaitState("n3", "down");
        lab.lab("start", "n3");
        lab.awaitState("n3", "up");
        long before = timesGivenUp("n3");
        lab.sh("n1", "touch /root/promised/*");
        lab.run("n3", "true").orFail();
        assertEquals(before, timesGivenUp("n3"));
    }

    @Test
    void aSecondDaemonIsRefusedAndTheFirstGoesOn() throws Exception {
        List<Long> first = daemons.of("n1");
        Outcome second = lab.at("n1", "drover", "daemon");
        assertEquals(1, second.exitStatus());
        assertTrue(second.errors().contains("already"), second.errors());
        assertEquals(first, daemons.of("n1"));
        assertStillWorks();
    }

    /// Joins as another machine would, with a state of its own, from n2.
    private static Outcome join(String name, String token) throws Exception {
        String script = "mkdir -p /srv/$1; export DROVER_STATE_DIR=/srv/$1 DROVER_CONFIG=/srv/$1/properties;"
                + " exec drover join n1 --token \"$2\" --name $1 --address 10.77.1.99";
        return lab.at("n2", "sh", "-c", script, "sh", name, token);
    }

    /// The token with another secret, as whoever knows how tokens are made would forge it: the last four bytes are a
    /// check of the others.
    private static String forge(String token) throws Exception {
        String prefix = "drover1-";
        byte[] bytes = Base64.getUrlDecoder().decode(token.substring(prefix.length()));
        bytes[0] ^= 1;
        byte[] body = Arrays.copyOf(bytes, bytes.length - 4);
        System.arraycopy(MessageDigest.getInstance("SHA-256").digest(body), 0, bytes, body.length, 4);
        return prefix + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static void assertLetsNobodyIn(String name, String token, String reason) throws Exception {
        Outcome refused = join(name, token);
        assertEquals(1, refused.exitStatus(), refused.errors());
        assertTrue(refused.errors().contains(reason) && refused.errors().contains("drover token"), refused.errors());
    }

    @Test
    void aTokenThatIsForgedUsedUpOrExpiredLetsNobodyIn() throws Exception {
        String token = lab.at("n1", "drover", "token", "--uses", "1").orFail();
        String brief = lab.at("n1", "drover", "token", "--ttl", "1s").orFail();
        assertLetsNobodyIn("forger", forge(token), "forged");
        join("x2", token).orFail();
        assertLetsNobodyIn("x3", token, "used up");
        Thread.sleep(1500); // longer than it lives: nothing else makes a token expire
        assertLetsNobodyIn("x4", brief, "expired");
        Outcome mistyped = join("x5", token.substring(0, token.length() - 5));
        assertEquals(1, mistyped.exitStatus(), mistyped.errors());
        assertTrue(mistyped.errors().contains("mistyped"), mistyped.errors());
        lab.at("n1", "drover", "revoke", "x2").orFail();
    }

    @Test
    void garbageOnAnyPortLeavesTheDaemonUp() throws Exception {
        List<Long> before = daemons.of("n1");
        String script = """
                import os, random, socket, ssl, struct, sys
                random.seed(int(sys.argv[1]))
                def throw(connect):
                    for length in (0, 1, 5, 4096, 300000):
                        for head in (b'', struct.pack('<I', length), struct.pack('<I', 0xffffffff), struct.pack('<IB', 9, 1),
                                     struct.pack('<IB', 4000000, 20), b'\\x16\\x03\\x01\\x02\\x00\\x01', b'GET / HTTP/1.0\\r\\n\\r\\n'):
                            try:
                                s = connect(); s.settimeout(0.2)
                                s.sendall(head + random.randbytes(length)); s.recv(4096)
                            except OSError: pass
                            finally: s.close()
                stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                stranger.check_hostname = False; stranger.verify_mode = ssl.CERT_NONE
                other = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                other.check_hostname = False; other.verify_mode = ssl.CERT_NONE
                def tls(context, port):
                    s = socket.create_connection(('n1', port), 5); s.settimeout(5)
                    try: return context.wrap_socket(s)
                    except OSError: return s
                def local():
                    s = socket.socket(socket.AF_UNIX); s.connect('/run/drover/drover.sock'); return s
                if sys.argv[2] == 'net':
                    other.load_cert_chain(sys.argv[3])
                    for port in 7410, 7411, 7412:
                        throw(lambda: socket.create_connection(('n1', port), 5))
                        throw(lambda: tls(stranger, port))
                        throw(lambda: tls(other, port))
                else:
                    throw(local)
                    for kind in range(256):
                        s = local(); body = random.randbytes(random.randrange(200))
                        s.sendall(struct.pack('<IB', len(body) + 1, kind) + body); s.close()""";
        lab.sh(
                "n3",
                "cd /srv; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=n2"
                        + " -keyout other.pem -out other.cert && cat other.cert >> other.pem");
        lab.at("n3", "python3", "-c", script, "1", "net", "/srv/other.pem").orFail();
        lab.at("n1", "python3", "-c", script, "2", "local").orFail();
        lab.as("nobody", "n1", "python3", "-c", script, "3", "local").orFail();
        assertEquals(before, daemons.of("n1"));
        lab.awaitUp(NODES);
        assertStillWorks();
    }

    @Test
    void aJobGoesOnWhenHomesDaemonIsKilledAndStartedAgain() throws Exception {
        try (Command counting = lab.startRun("n2", "sh", "-c", COUNT)) {
            awaitCount(counting, 10);
            daemons.end("n1", "KILL");
            lab.launch("n1", "drover", "daemon");
            assertCounted(counting);
        }
    }

    @Test
    void aJobThatReadsAndWritesFilesGoesOnWhenHomesDaemonIsKilledAndStartedAgain() throws Exception {
        goesOnWhenHomesDaemonIsKilled("n2");
    }

    /// Both ends of its file view end with that daemon.
    @Test
    void aJobThatRunsAtHomeGoesOnWhenHomesDaemonIsKilledAndStartedAgain() throws Exception {
        goesOnWhenHomesDaemonIsKilled("n1");
    }

    private static void goesOnWhenHomesDaemonIsKilled(String node) throws Exception {
        String script = "cat > /srv/copied; " + COUNT.replace("echo $i", "echo $i >> /srv/count; echo $i");
        try (Command counting = lab.startRun(node, "sh", "-c", "rm -f /srv/count; " + script)) {
            counting.input().write("through stdin\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            counting.input().close();
            awaitCount(counting, 10);
            daemons.end("n1", "KILL");
            TestLab.awaitTrue(
                    "the user is told", () -> counting.seenErrors().contains("waits and goes on when it is back"));
            lab.launch("n1", "drover", "daemon");
            assertCounted(counting);
        }
        assertEquals("through stdin", lab.sh("n1", "cat /srv/copied"));
        assertEquals(COUNTED.strip(), lab.sh("n1", "cat /srv/count"));
    }

    @Test
    void aJobGoesOnWhenItsNodesDaemonIsKilledAndStartedAgain() throws Exception {
        try (Command counting = lab.startRun("n2", "sh", "-c", COUNT.replace("echo $i", "echo $i | cat"))) {
            awaitCount(counting, 10);
            daemons.end("n2", "KILL");
            lab.launch("n2", "drover", "daemon");
            assertCounted(counting);
        }
    }

    @Test
    void aJobWithoutEffectsIsRunAgainElsewhereWhenItsNodeDies() throws Exception {
        lab.sh("n1", "rm -f /srv/may-end");
        String script = "while [ ! -e /srv/may-end ]; do sleep 0.1; done; read up rest < /proc/uptime; echo $up";
        try (Command command = lab.start("n1", "drover", "run", "--nodes", "n2,n3", "--", "sh", "-c", script)) {
            String node = TestLab.await(
                    "it runs",
                    () -> NODES.stream()
                            .skip(1)
                            .filter(each -> {
                                try {
                                    return !lab.pids(each, script).isEmpty();
                                } catch (Exception e) {
                                    throw new IllegalStateException(e);
                                }
                            })
                            .findFirst());
            lab.lab("kill", node);
            lab.sh("n1", "touch /srv/may-end");
            String uptime = command.await(Command.LIMIT).orFail();
            assertEquals(node.equals("n2") ? "n3" : "n2", TestLab.nodeOf(uptime));
        }
    }

    @Test
    void aJobThatHadWrittenFailsLoudlyWhenItsNodeDies() throws Exception {
        try (Command command =
                lab.start("n1", "drover", "run", "--nodes", "n3", "--", "sh", "-c", "echo begun; exec sleep 1414")) {
            TestLab.awaitTrue("it has begun", () -> command.seen().equals("begun\n"));
            lab.lab("kill", "n3");
            Outcome outcome = command.await(Command.LIMIT);
            assertEquals(125, outcome.exitStatus());
            assertTrue(outcome.errors().contains("was lost") && outcome.errors().contains("n3"), outcome.errors());
            assertEquals("begun\n", outcome.output());
        }
        assertEquals("failed", lab.lastJob().path("state").asText());
    }

    @Test
    void aJobSurvivesAShortPartition() throws Exception {
        try (Command counting = lab.startRun("n2", "sh", "-c", COUNT)) {
            awaitCount(counting, 10);
            lab.lab("partition", "n2");
            try {
                Thread.sleep(1000);
            } finally {
                lab.lab("heal", "n2");
            }
            assertCounted(counting);
        }
    }

    /// Else TCP decides when a node that was cut off is heard again: as late as it was cut off for long.
    @Test
    void noConnectionOutlivesThatItsNodeWasGivenUp() throws Exception {
        String address = lab.sh("n3", "sed -n 's/^address=//p' /etc/drover/drover.properties");
        String toN3 = "ss -Htn state established dst " + address.strip() + ":7412";
        // it dials when it has something to say, and tells its load each second to one of the others
        TestLab.awaitTrue("n1 has dialled n3", () -> !lab.sh("n1", toN3).isBlank());
        lab.lab("partition", "n3");
        try {
            lab.awaitState("n3", "hung");
            TestLab.awaitTrue(
                    "n1 has given up its connections to n3",
                    () -> lab.sh("n1", toN3).isBlank());
        } finally {
            lab.lab("heal", "n3");
        }
        lab.awaitUp(NODES);
    }

    @Test
    void whoeverKillsTheDeputyKillsTheGuest() throws Exception {
        try (Command command = lab.startRun("n2", "sleep", "1732")) {
            lab.awaitGuest("n2", "1732");
            lab.sh("n1", "pkill -KILL -f '^drover run --node n2 -- sleep 1732'");
            assertEquals(137, command.await(Command.LIMIT).exitStatus());
            TestLab.awaitTrue("the guest is gone", () -> lab.pids("n2", "1732").isEmpty());
        }
    }

    @Test
    void aFullFileSystemOfHomeIsToldToTheJob() throws Exception {
        lab.sh("n1", "mkdir -p /srv/small && mount -t tmpfs -o size=1m none /srv/small");
        try {
            Outcome outcome = lab.run("n2", "sh", "-c", "head -c 3000000 /dev/zero > /srv/small/big");
            assertNotEquals(0, outcome.exitStatus());
            assertTrue(outcome.errors().contains("No space left"), outcome.errors());
        } finally {
            lab.sh("n1", "umount -l /srv/small");
        }
    }

    @Test
    void whenHomesWholeDiskIsFullJobsAreToldOrWaitAndNoneIsLost() throws Exception {
        List<Long> before = daemons.of("n1");
        // The record of an end may have to wait for room: nothing is reported that is not on disk.
        try (Command filling = lab.startRun("n2", "sh", "-c", "head -c 200000000 /dev/zero > /srv/big")) {
            TestLab.awaitTrue(
                    "the disk is full",
                    () -> lab.sh("n1", "df --output=avail / | tail -1").strip().equals("0"));
            try (Command meanwhile = lab.startRun("n2", "echo", "works")) {
                TestLab.awaitTrue(
                        "the user is told what the job waits for",
                        () -> meanwhile.seenErrors().contains("make room on that disk"));
                assertTrue(meanwhile.isRunning() && filling.isRunning());
                assertEquals(before, daemons.of("n1"));
                lab.sh("n1", "rm -f /srv/big");
                Outcome filled = filling.await(Command.LIMIT);
                assertNotEquals(0, filled.exitStatus());
                assertTrue(filled.errors().contains("No space left"), filled.errors());
                assertEquals("works", meanwhile.await(Command.LIMIT).orFail());
            }
        }
        assertStillWorks();
    }

    @Test
    void aFullDiskOfTheNodeDoesNotDisturbItsGuests() throws Exception {
        lab.at("n2", "sh", "-c", "head -c 200000000 /dev/zero > /srv/big");
        try {
            assertStillWorks();
        } finally {
            lab.sh("n2", "rm -f /srv/big");
        }
    }

    @Test
    void aKilledKeeperIsReplacedAndItsJobFailsLoudly() throws Exception {
        try (Command command = lab.startRun("n2", "sh", "-c", "echo begun; exec sleep 2236")) {
            TestLab.awaitTrue("it has begun", () -> command.seen().equals("begun\n"));
            for (long pid : lab.pids("n2", "drover-keeper --socket"))
                Command.run(List.of("kill", "-KILL", Long.toString(pid)), Command.LIMIT);
            Outcome outcome = command.await(Command.LIMIT);
            assertEquals(125, outcome.exitStatus());
            assertTrue(outcome.errors().contains("was lost"), outcome.errors());
        }
        TestLab.awaitTrue("its guest is gone", () -> lab.pids("n2", "2236").isEmpty());
        assertStillWorks();
    }

    @Test
    void aLabWithoutRootSaysWhatItNeeds() throws Exception {
        lab.openToUsers("n3");
        for (String words : List.of("lab up --nodes 2", "lab down", "demo", "lab experiment rsa --out /tmp/results")) {
            Outcome outcome = lab.as("nobody", "n3", ("drover " + words).split(" ", -1));
            assertEquals(1, outcome.exitStatus(), words + ": " + outcome.errors());
            assertTrue(
                    outcome.errors().contains("needs root") && outcome.errors().contains("sudo"),
                    words + ": " + outcome.errors());
            assertEquals("", outcome.output());
        }
    }

    @Test
    void anExperimentWithoutItsProgramNamesThePackageAndMakesNothing() throws Exception {
        lab.sh("n3", "rm -f /usr/bin/povray");
        for (String words : List.of("lab experiment povray --nodes 1 --out /srv/results", "demo --out /srv/results")) {
            Outcome outcome = lab.at("n3", ("drover " + words).split(" ", -1));
            assertEquals(1, outcome.exitStatus(), words + ": " + outcome.errors());
            assertTrue(outcome.errors().contains("apt install povray"), words + ": " + outcome.errors());
        }
        lab.sh("n3", "test ! -e /srv/results && test ! -e /run/drover-lab");
    }

    @Test
    void aNodeWithoutCriuRunsJobsAndItsDoctorSaysWhatIsMissing() throws Exception {
        lab.sh("n3", "rm -rf /usr/local/lib/drover/criu /usr/sbin/criu /usr/bin/criu /usr/local/sbin/criu");
        Outcome doctor = lab.at("n3", "drover", "doctor");
        assertEquals(0, doctor.exitStatus(), doctor.output() + doctor.errors());
        String criu = doctor.output()
                .lines()
                .filter(line -> line.contains("criu"))
                .findFirst()
                .orElse("");
        assertTrue(
                criu.contains("none is installed")
                        && criu.contains("jobs run without it")
                        && criu.contains("setup/criu"),
                doctor.output());
        assertEquals("works", lab.run("n3", "echo", "works").orFail());
    }
}
