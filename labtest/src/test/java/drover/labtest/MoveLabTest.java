package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Running jobs that move, and those that do not: no byte is lost or doubled, and one process runs them.
@Timeout(240) // each wait has its own limit; together they may not take longer than this
class MoveLabTest {
    private static final List<String> NODES = List.of("n1", "n2", "n3");
    private static final int LINES = 3000;
    /// Says each line that it reads, with its number, and writes it into a file that was open all the time.
    private static final String ECHO =
            "exec 3>>\"$1\"; i=0; while read l; do echo \"$i $l\"; echo \"$i $l\" >&3; i=$((i+1)); done; exit 7";

    private static final String ECHOED =
            IntStream.range(0, LINES).mapToObj(i -> i + " line " + i + "\n").collect(Collectors.joining());

    private static TestLab lab;
    private static Daemons daemons;

    @BeforeAll
    static void up() throws Exception {
        TestLab.needCriu();
        lab = SharedLabs.take();
        daemons = new Daemons(lab);
        lab.addUsers();
        lab.sh("n1", "mkdir -p /srv/moves; chmod 777 /srv/moves; rm -rf /srv/moves/*");
    }

    @AfterAll
    static void down() throws Exception {
        if (lab != null) lab.close();
    }

    @BeforeEach
    void whole() throws Exception {
        lab.makeWhole(NODES);
    }

    private static Outcome migrate(long job, String node) throws Exception {
        return lab.at("n1", "drover", "migrate", Long.toString(job), node);
    }

    /// The newest job, which runs.
    private static long runningJob() throws Exception {
        TestLab.awaitTrue("it runs", () -> lab.lastJob().path("state").asText().equals("running"));
        return lab.lastJob().path("job").asLong();
    }

    /// To n3 and back.
    private static void movesWhileItReadsAndWrites(String user, String marker, String from) throws Exception {
        String file = "/srv/moves/" + marker;
        try (Command job =
                lab.startAs(user, "n1", TestLab.runWords(from, "sh", "-c", ECHO, marker, file, "end-of-" + marker))) {
            lab.awaitGuest(from, "end-of-" + marker);
            long number = runningJob();
            CompletableFuture<Void> typing = CompletableFuture.runAsync(() -> type(job.input()));
            assertEquals(
                    "job " + number + " moved from " + from + " to n3",
                    migrate(number, "n3").orFail());
            lab.awaitGuest("n3", "end-of-" + marker);
            assertEquals(List.of(), lab.guests(from, "end-of-" + marker), "none is left on " + from);
            assertEquals(
                    "job " + number + " moved from n3 to " + from,
                    migrate(number, from.equals("n1") ? "home" : from).orFail());
            lab.awaitGuest(from, "end-of-" + marker);
            assertEquals(List.of(), lab.pids("n3", "end-of-" + marker), "none is left on n3");
            assertTrue(!typing.isDone(), "it was moved while it read");
            typing.join();
            Outcome outcome = job.await(Command.LIMIT);
            assertEquals(ECHOED, outcome.output(), outcome.errors());
            assertEquals(7, outcome.exitStatus(), outcome.errors());
            assertEquals(ECHOED, lab.sh("n1", "cat " + file) + "\n");
            JsonNode ended = lab.shown(number);
            assertEquals(2, ended.path("moves").asInt(), ended.toString());
            assertEquals(from, ended.path("node").asText(), ended.toString());
        }
    }

    private static void type(OutputStream input) {
        try (input) {
            for (int i = 0; i < LINES; i++) {
                input.write(("line " + i + "\n").getBytes(StandardCharsets.UTF_8));
                input.flush();
                if (i % 3 == 0) Thread.sleep(20);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aJobOfRootMovesTwiceWhileItReadsAndWrites() throws Exception {
        movesWhileItReadsAndWrites("root", "of-root", "n2");
    }

    @Test
    void aJobOfAUserMovesTwiceWhileItReadsAndWrites() throws Exception {
        movesWhileItReadsAndWrites("ann", "of-ann", "n2");
    }

    @Test
    void aJobLeavesItsHomeAndComesBackWhileItReadsAndWrites() throws Exception {
        movesWhileItReadsAndWrites("ann", "of-home", "n1");
    }

    private interface Fault {
        void happen() throws Exception;
    }

    /// Something breaks while a large image arrives on n3: the job goes on at n2, and its caller notices nothing.
    private static void goesOnWhereItIs(String marker, Fault fault, Fault repair) throws Exception {
        goesOnWhereItIs(marker, "n2", "n3", fault, repair);
    }

    private static void goesOnWhenADaemonIsKilled(String marker, String from, String to, String daemon)
            throws Exception {
        goesOnWhereItIs(marker, from, to, () -> daemons.restart(daemon), () -> {});
    }

    private static void goesOnWhereItIs(String marker, String from, String to, Fault fault, Fault repair)
            throws Exception {
        try (FatJob job = new FatJob(lab, marker, from)) {
            File images = lab.file(to, "/var/lib/drover/images").toFile();
            try (Command moving = job.migrate(to)) {
                TestLab.awaitTrue("its image arrives", 5, () -> sizeOf(images) > 1 << 20);
                fault.happen();
                Outcome refused = moving.await(Command.LIMIT);
                assertEquals(1, refused.exitStatus(), refused.output() + refused.errors());
            }
            job.assertGoesOn(from, 0);
            repair.happen();
            TestLab.awaitTrue(
                    "nothing of it is left on " + to,
                    () -> lab.guests(to, marker).isEmpty());
        }
    }

    @Test
    void aJobWhoseTargetDiesGoesOnWhereItIs() throws Exception {
        goesOnWhereItIs(
                "target-dies", () -> Daemons.signal("KILL", List.of(lab.initOf("n3"))), () -> lab.lab("start", "n3"));
    }

    @Test
    void aJobWhoseTargetHangsGoesOnWhereItIs() throws Exception {
        List<Long> hung = lab.pids("n3", "drover");
        try {
            goesOnWhereItIs("target-hangs", () -> Daemons.signal("STOP", hung), () -> Daemons.signal("CONT", hung));
        } finally {
            Daemons.signal("CONT", hung);
        }
    }

    @Test
    void aJobGoesOnWhereItIsWhenHomesDaemonIsKilledMeanwhile() throws Exception {
        goesOnWhenADaemonIsKilled("home-restarts", "n2", "n3", "n1");
    }

    @Test
    void aJobGoesOnWhereItIsWhenTheSourcesDaemonIsKilledMeanwhile() throws Exception {
        goesOnWhenADaemonIsKilled("source-restarts", "n2", "n3", "n2");
    }

    @Test
    void aJobGoesOnAtHomeWhenItsDaemonIsKilledWhileItLeaves() throws Exception {
        goesOnWhenADaemonIsKilled("leaves-home", "n1", "n3", "n1");
    }

    @Test
    void aJobGoesOnWhereItIsWhenHomesDaemonIsKilledWhileItComesHome() throws Exception {
        goesOnWhenADaemonIsKilled("comes-home", "n2", "n1", "n1");
    }

    private static long sizeOf(File directory) {
        File[] files = directory.listFiles();
        long size = 0;
        if (files != null) for (File each : files) size += each.isDirectory() ? sizeOf(each) : each.length();
        return size;
    }

    @Test
    void whatCriuDoesNotKnowGoesAlong() throws Exception {
        String has = """
                import ctypes, os, socket, sys
                libc = ctypes.CDLL(None); s = socket.socket(); s.setsockopt(6, 18, 12345)
                first = min(os.sched_getaffinity(0)); os.sched_setaffinity(0, {first}); libc.prctl(29, 123456, 0, 0, 0)
                fd = os.open('/srv/moves', os.O_TMPFILE | os.O_RDWR); os.write(fd, b'named late')
                print('has', flush=True); sys.stdin.readline()
                print(s.getsockopt(6, 18), os.sched_getaffinity(0) == {first}, libc.prctl(30, 0, 0, 0, 0))
                print(libc.linkat(-100, b'/proc/self/fd/%d' % fd, -100, b'/srv/moves/late', 0x400))
                """;
        try (Command job = lab.startRun("n2", "python3", "-c", has)) {
            TestLab.awaitTrue("it has all that", () -> job.seen().contains("has"));
            long number = runningJob();
            migrate(number, "n3").orFail();
            migrate(number, "home").orFail();
            job.input().write('\n');
            job.input().flush();
            assertEquals("has\n12345 True 123456\n0", job.await(Command.LIMIT).orFail());
            assertEquals("named late", lab.sh("n1", "cat /srv/moves/late"));
        }
    }

    @Test
    void whatCannotMoveIsRefusedInWordsAndGoesOn() throws Exception {
        String semaphore = "import os, time\nos.eventfd(0, os.EFD_SEMAPHORE); print('open', flush=True)\n"
                + "time.sleep(8)\nprint('done')";
        try (Command job = lab.startRun("n2", "python3", "-c", semaphore)) {
            TestLab.awaitTrue("it has it open", () -> job.seen().contains("open"));
            long number = runningJob();
            assertRefused(migrate(number, "n3"), "an eventfd as a semaphore", "It still runs on n2");
            assertRefused(migrate(number, "n2"), "it runs there already");
            assertRefused(migrate(number, "n9"), "there is no node n9");
            assertRefused(migrate(number, "home"), "");
            assertRefused(migrate(987654, "n3"), "there is no job 987654");
            assertEquals("open\ndone\n", job.await(Command.LIMIT).output());
            assertRefused(migrate(number, "n3"), "it has ended");
        }
    }

    /// By fcntl(2), by flock(2), and as an open file, of a process and its child: a program at home tries all the time
    /// to get one of them, and gets none before it is given back.
    @Test
    void locksAreNeverFreeOnTheWay() throws Exception {
        String helper = """
                import fcntl, os, struct, sys, time
                names = ['process', 'file', 'open-file', 'child']
                def lock(name):
                    fd = os.open('/srv/moves/locked-' + name, os.O_RDWR | os.O_CREAT, 0o666)
                    try:
                        if name == 'file': fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        elif name == 'open-file': fcntl.fcntl(fd, 37, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 10, 20, 0))
                        else: fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 20, 10)
                    except BlockingIOError:
                        os.close(fd)
                        raise
                    return fd
                """;
        String holds = helper + """
                down, up = os.pipe()
                child = os.fork()
                if child == 0:
                    os.close(up); lock('child'); print('child', flush=True); os.read(down, 1); os._exit(0)
                held = [lock(name) for name in names[:3]]
                print('locked', flush=True)
                for line in sys.stdin: print('goes on', flush=True)
                os.write(up, b'x'); os.waitpid(child, 0)
                """;
        String tries = helper + """
                tries = 0
                while not os.path.exists('/srv/moves/locks-end'):
                    for name in names:
                        try: fd = lock(name)
                        except BlockingIOError: continue
                        print('got', name, flush=True)
                        os.close(fd)
                    tries += 1
                print('tried', tries > 10)
                for name in names: lock(name)
                """;
        try (Command job = lab.startAs("ann", "n1", TestLab.runWords("n2", "python3", "-c", holds, "holds-locks"))) {
            TestLab.awaitTrue(
                    "it has locks",
                    () -> job.seen().contains("locked") && job.seen().contains("child"));
            long number = runningJob();
            try (Command other = lab.start("n1", "python3", "-c", tries)) {
                for (String node : List.of("n3", "home", "n2")) {
                    migrate(number, node).orFail();
                    job.input().write('\n');
                    job.input().flush();
                }
                TestLab.awaitTrue("it goes on", () -> job.seen().split("goes on", -1).length == 4);
                assertEquals("", other.seen());
                job.input().close();
                Outcome ended = job.await(Command.LIMIT);
                assertEquals(0, ended.exitStatus(), ended.errors());
                lab.sh("n1", "touch /srv/moves/locks-end");
                Outcome tried = other.await(Command.LIMIT);
                assertEquals(0, tried.exitStatus(), "they are free: " + tried.errors());
                assertTrue(tried.output().endsWith("tried True\n"), tried.output());
            }
        }
    }

    @Test
    void aJobThatWaitsForALockMovesWhenItHasIt() throws Exception {
        try (Command holds = lab.start("n1", "flock", "/srv/moves/waited", "sh", "-c", "echo has; read l");
                Command waits = lab.startRun(
                        "n2", "flock", "/srv/moves/waited", "sh", "-c", "echo got; read l; exit 5", "waits")) {
            TestLab.awaitTrue("it is locked", () -> holds.seen().contains("has"));
            lab.awaitGuest("n2", "waits");
            long number = runningJob();
            TestLab.awaitTrue(
                    "it is known to wait",
                    () -> lab.shown(number).path("cannot_move").asText().contains("it waits for a lock on a file"));
            assertRefused(migrate(number, "n3"), "it waits for a lock on a file", "It still runs on n2");
            holds.input().close();
            TestLab.awaitTrue("it has the lock", () -> waits.seen().contains("got"));
            migrate(number, "n3").orFail();
            assertEquals(
                    1, lab.at("n1", "flock", "-n", "/srv/moves/waited", "true").exitStatus());
            waits.input().close();
            assertEquals(5, waits.await(Command.LIMIT).exitStatus());
            lab.sh("n1", "flock -n /srv/moves/waited true");
        }
    }

    /// The kernel of n2 drops a name that another guest did not find, though it is there again: the program that
    /// runs looks deleted from then on. A file that has no name any more is home's still, and the same as before.
    @Test
    void filesMoveThatLookDeletedOrAre() throws Exception {
        lab.sh("n1", "cp /bin/sleep /srv/moves/program; echo shared > /srv/moves/nameless; chmod a+rwx /srv/moves/*");
        String reads = "exec 3</srv/moves/nameless 4>>/srv/moves/nameless; echo open; /srv/moves/program 300 & read l; "
                + "echo more >&4; cat <&3; kill $!; exit 9";
        try (Command job = lab.startAs("ann", "n1", TestLab.runWords("n2", "sh", "-c", reads, "looks-deleted"))) {
            TestLab.awaitTrue("it has it open", () -> job.seen().contains("open"));
            long number = runningJob();
            long program = lab.awaitGuest("n2", "300");
            String link = "/proc/" + program + "/exe";
            lab.sh("n1", "mv /srv/moves/program /srv/moves/away");
            lab.run("n2", "stat", "/srv/moves/program");
            lab.sh("n1", "mv /srv/moves/away /srv/moves/program; rm /srv/moves/nameless");
            assertEquals(
                    "/srv/moves/program (deleted)",
                    Files.readSymbolicLink(Path.of(link)).toString());
            for (String node : List.of("n3", "n2")) migrate(number, node).orFail();
            program = lab.awaitGuest("n2", "300");
            assertEquals(
                    "/srv/moves/program",
                    Files.readSymbolicLink(Path.of("/proc/" + program + "/exe")).toString());
            job.input().write('\n');
            job.input().close();
            Outcome outcome = job.await(Command.LIMIT);
            assertEquals("open\nshared\nmore\n", outcome.output(), outcome.errors());
            assertEquals(9, outcome.exitStatus(), outcome.errors());
        }
    }

    private static void assertRefused(Outcome outcome, String... words) {
        assertEquals(1, outcome.exitStatus(), outcome.output());
        for (String word : words) assertTrue(outcome.errors().contains(word), outcome.errors());
    }
}
