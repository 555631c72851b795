package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.homefs.server.FileServerConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Links cut, home restarted, the node's daemon replaced: while a program works on the files. Needs root and
/// /dev/fuse.
class SurvivalIT {
    /// Holds a file, a directory and a working directory across the trouble; each round makes, writes, renames,
    /// reads and removes files, and fails if any of it happens twice or not at all.
    private static final String WORK = """
            import os, sys, time
            os.chdir(sys.argv[1])
            os.makedirs("w/deeper", exist_ok=True)
            os.chdir("w")
            held = os.open("held", os.O_RDWR | os.O_CREAT, 0o644)
            directory = os.open("deeper", os.O_RDONLY)
            end = time.time() + float(sys.argv[2])
            rounds = 0
            while time.time() < end or rounds < 20:
                name = "f%d" % rounds
                fd = os.open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o644)
                os.write(fd, b"x" * 30000)
                os.mkdir("deeper/d", dir_fd=None)
                os.rename(name, "deeper/d/" + name)
                assert os.pread(fd, 30001, 0) == b"x" * 30000
                os.close(fd)
                log = os.open("log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
                os.write(log, b"%06d\\n" % rounds)
                os.close(log)
                os.pwrite(held, b"%06d" % rounds, 0)
                assert os.pread(held, 6, 0) == b"%06d" % rounds
                listed = os.listdir(directory)
                assert listed == ["d"], "listed: %s" % listed
                os.unlink("deeper/d/" + name)
                os.rmdir("deeper/d")
                rounds += 1
            lines = open("log").read().split()
            assert lines == ["%06d" % i for i in range(rounds)], "log: %d lines, %d rounds" % (len(lines), rounds)
            assert os.getcwd().endswith("/w")
            print("rounds", rounds)
            """;

    private TwoNodes nodes;
    private Path work;

    @BeforeEach
    void mount() throws IOException {
        nodes = new TwoNodes();
        work = Files.createTempDirectory("drover-survival");
    }

    @AfterEach
    void unmount() {
        nodes.run(work, List.of("rm", "-rf", work.toString()));
        nodes.close();
    }

    private Process startWork(double seconds) throws IOException {
        return nodes.start(
                work, List.of("/usr/bin/python3", "-c", WORK, nodes.on(0, work).toString(), Double.toString(seconds)));
    }

    private static void assertWorked(Process process) throws IOException, InterruptedException {
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the program hangs");
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        // on one line: summaries of test runs show the first only
        assertEquals(0, process.exitValue(), output.strip().replace("\n", " | "));
        assertTrue(output.contains("rounds"), output);
    }

    @Test
    void aLinkCutAtAnyMomentLosesNothingAndDoesNothingTwice() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Process process = startWork(6);
        TwoNodes.Side side = nodes.sides.get(0);
        for (int cut = 0; cut < 40; cut++) {
            Thread.sleep(random.nextInt(120));
            side.disconnect();
            Thread.sleep(random.nextInt(40));
            side.connect();
        }
        assertWorked(process);
        assertTrue(side.mount.counters().resent() > 0, "no call was under way at any cut, seed " + seed);
    }

    @Test
    void homeRestartsAndOpenFilesGoOn() throws Exception {
        Process process = startWork(6);
        TwoNodes.Side side = nodes.sides.get(0);
        long boot = FileServerConfig.bootNow();
        for (int restart = 1; restart <= 3; restart++) {
            Thread.sleep(1_200);
            nodes.sides.forEach(TwoNodes.Side::disconnect);
            nodes.server.close();
            nodes.startServer(Path.of("/"), boot + 100L * restart);
            nodes.sides.forEach(TwoNodes.Side::connect);
        }
        assertWorked(process);
        // the last releases are on their way
        for (int i = 0; i < 100 && side.mount.callsWaiting() > 0; i++) Thread.sleep(20);
        assertEquals(0, side.mount.callsWaiting(), "calls were left over");
    }

    @Test
    void homeRestartsInTheMiddleOfAnyCall() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Process process = startWork(6);
        TwoNodes.Side side = nodes.sides.get(0);
        long boot = FileServerConfig.bootNow();
        for (int restart = 1; restart <= 60; restart++) {
            Thread.sleep(random.nextInt(120));
            nodes.sides.forEach(TwoNodes.Side::disconnect);
            nodes.server.close();
            nodes.startServer(Path.of("/"), boot + 100L * restart);
            nodes.sides.forEach(TwoNodes.Side::connect);
            for (int cut = random.nextInt(3); cut > 0; cut--) { // while the new home is being told what there is
                LockSupport.parkNanos(random.nextInt(3_000_000));
                nodes.sides.forEach(TwoNodes.Side::disconnect);
                nodes.sides.forEach(TwoNodes.Side::connect);
            }
        }
        assertWorked(process);
        assertTrue(side.mount.counters().resent() > 0, "no call was under way at any restart, seed " + seed);
    }

    @Test
    void theNodesDaemonIsReplacedAndOpenFilesGoOn() throws Exception {
        Process process = startWork(5);
        TwoNodes.Side side = nodes.sides.get(0);
        for (int replacement = 0; replacement < 3; replacement++) {
            Thread.sleep(1_200);
            side.end();
            Thread.sleep(100);
            side.start(0, true);
        }
        assertWorked(process);
    }

    @Test
    void homeRestartsAfterTheNodesDaemonWasReplaced() throws Exception {
        Process process = startWork(6);
        TwoNodes.Side side = nodes.sides.get(0);
        long boot = FileServerConfig.bootNow();
        for (int restart = 1; restart <= 3; restart++) {
            Thread.sleep(600);
            side.end();
            side.start(0, true);
            Thread.sleep(600);
            nodes.sides.forEach(TwoNodes.Side::disconnect);
            nodes.server.close();
            nodes.startServer(Path.of("/"), boot + 100L * restart);
            nodes.sides.forEach(TwoNodes.Side::connect);
        }
        assertWorked(process);
    }

    /// The first daemon was promised that one name leads nowhere, and two to one file. It ends, and then home does,
    /// which
    /// so forgets that it promised this.
    @Test
    void whatWasPromisedToTheDaemonBeforeIsNotBelievedOfAHomeThatRestarts() throws Exception {
        nodes.sh(work, "echo old > $H/first; ln $H/first $H/second; echo new > $H/third");
        nodes.beginJob(0);
        String look = "ls $A/none; cat $A/first $A/second";
        for (int i = 0; i < 3; i++) nodes.sh(work, look);
        TwoNodes.Side side = nodes.sides.get(0);
        side.end();
        side.start(0, true);
        assertEquals("old\n", nodes.sh(work, "cat $A/first").output()); // it has talked to home
        nodes.sides.forEach(TwoNodes.Side::disconnect);
        nodes.server.close();
        nodes.startServer(Path.of("/"), FileServerConfig.bootNow() + 100);
        nodes.sides.forEach(TwoNodes.Side::connect);
        nodes.beginJob(0);
        assertEquals(
                "found\nnew\nnew\n",
                nodes.sh(
                                work,
                                "echo found > $B/none; mv -f $B/third $B/first; ln -f $B/first $B/second;"
                                        + " cat $A/none $A/first $A/second")
                        .output());
    }

    /// Files that are opened on the node alone, and that home is asked to keep when they are removed.
    private static final String HOLD = """
            import os, sys
            names = [os.path.join(sys.argv[1], sys.argv[2] + str(i)) for i in range(40)]
            for name in names * 2:
                with open(name, "rb", buffering=0) as f: f.read(1)
            held = [os.open(name, os.O_RDONLY) for name in names]
            print("held", flush=True)
            sys.stdin.readline()
            for name, fd in zip(names, held):
                read = os.pread(fd, 1, 900000)
                assert read == sys.argv[2].encode(), (name, read)
            """;

    @Test
    void whatTheNodesDaemonAsksIsNotAnsweredAsTheOneBeforeWas() throws Exception {
        for (String name : List.of("f", "g"))
            nodes.sh(
                    work,
                    "for i in $(seq 0 39); do head -c 1000000 /dev/zero | tr '\\0' " + name + " > $H/" + name
                            + "$i; done");
        nodes.beginJob(0);
        holdWhileRemoved("f");
        TwoNodes.Side side = nodes.sides.get(0);
        side.end();
        side.start(0, true);
        holdWhileRemoved("g");
    }

    private void holdWhileRemoved(String name) throws Exception {
        Process holds = nodes.start(
                work, List.of("/usr/bin/python3", "-c", HOLD, nodes.on(0, work).toString(), name));
        BufferedReader output = holds.inputReader();
        assertEquals("held", output.readLine());
        assertEquals(0, nodes.sh(work, "rm $B/" + name + "*").status());
        holds.getOutputStream().write('\n');
        holds.getOutputStream().flush();
        assertEquals(0, holds.waitFor(), () -> output.lines().collect(Collectors.joining(" | ")));
    }

    @Test
    void bothEndsOfHomesOwnMountEndAtOnceInTheMiddleOfAnyCall() throws Exception {
        nodes.close();
        nodes = new TwoNodes(Path.of("/"), 1_000_000, true);
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Process process = startWork(6);
        TwoNodes.Side own = nodes.sides.get(0);
        long boot = FileServerConfig.bootNow();
        for (int restart = 1; restart <= 30; restart++) {
            Thread.sleep(random.nextInt(240));
            nodes.sides.get(1).disconnect();
            own.end();
            nodes.server.close();
            nodes.startServer(Path.of("/"), boot + 100L * restart);
            own.start(0, true);
            nodes.sides.get(1).connect();
        }
        assertWorked(process);
    }

    /// Holds a lock of each kind until it is told to go on.
    private static final String LOCK = """
            import fcntl, os, struct, sys
            files = [open(os.path.join(sys.argv[1], name), "w") for name in ("flock", "fcntl", "ofd")]
            fcntl.flock(files[0], fcntl.LOCK_EX)
            fcntl.lockf(files[1], fcntl.LOCK_EX, 10, 5)
            fcntl.fcntl(files[2], 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
            print("held", flush=True)
            sys.stdin.readline()
            """;

    /// Says of each lock whether another may have it.
    private static final String TRY = """
            import fcntl, os, sys
            def free(name, how):
                with open(os.path.join(sys.argv[1], name), "r+") as f:
                    try: how(f)
                    except OSError: return "no"
                    return "free"
            print(free("flock", lambda f: fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)),
                  free("fcntl", lambda f: fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 7)),
                  free("fcntl", lambda f: fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB, 5)),
                  free("ofd", lambda f: fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)))
            """;

    private String free() {
        return nodes.run(
                        work,
                        List.of("/usr/bin/python3", "-c", TRY, nodes.on(1, work).toString()))
                .output()
                .strip();
    }

    /// The nodes are still to hear of it.
    private void restartHome() {
        nodes.sides.forEach(TwoNodes.Side::disconnect);
        nodes.server.close();
        nodes.startServer(Path.of("/"), FileServerConfig.bootNow() + 100);
    }

    private void locksOutlive(TwoNodes.Side side, Runnable restart) throws Exception {
        Process holds = nodes.start(
                work, List.of("/usr/bin/python3", "-c", LOCK, nodes.on(0, work).toString()));
        assertEquals("held", holds.inputReader().readLine());
        assertEquals("no no free no", free());
        restart.run();
        for (int i = 0; i < 500 && side.mount.callsWaiting() > 0; i++) Thread.sleep(10); // it is being told
        assertEquals("no no free no", free());
        holds.getOutputStream().close();
        assertEquals(0, holds.waitFor());
        for (int i = 0; i < 500 && !free().equals("free free free free"); i++) Thread.sleep(10);
        assertEquals("free free free free", free());
    }

    @Test
    void locksAreTakenAgainWhenHomeRestarts() throws Exception {
        locksOutlive(nodes.sides.get(0), () -> {
            restartHome();
            nodes.sides.forEach(TwoNodes.Side::connect);
        });
    }

    @Test
    void locksAreTakenAgainByADaemonThatDidNotSeeThemTaken() throws Exception {
        TwoNodes.Side side = nodes.sides.get(0);
        locksOutlive(side, () -> {
            side.end();
            side.start(0, true);
            nodes.sh(work, "ls $A"); // it has been told
            restartHome();
            nodes.sides.forEach(TwoNodes.Side::connect);
        });
    }

    @Test
    void nobodyGetsALockFirstThatAnotherNodeIsToTakeAgain() throws Exception {
        locksOutlive(nodes.sides.get(0), () -> {
            restartHome();
            nodes.sides.get(1).connect();
            CompletableFuture<String> early = CompletableFuture.supplyAsync(this::free);
            assertFalse(endsWithinMillis(1_000, early), "whether they are free is not known yet");
            nodes.sides.get(0).connect();
            assertEquals("no no free no", early.join());
        });
    }

    private static boolean endsWithinMillis(long millis, CompletableFuture<?> future) {
        try {
            future.get(millis, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void locksOnHomesOwnFilesAreTakenAgainWhenBothEndsRestart() throws Exception {
        nodes.close();
        nodes = new TwoNodes(Path.of("/"), 1_000_000, true);
        TwoNodes.Side own = nodes.sides.get(0);
        locksOutlive(own, () -> {
            nodes.sides.get(1).disconnect();
            own.end();
            nodes.server.close();
            nodes.startServer(Path.of("/"), FileServerConfig.bootNow() + 100);
            own.start(0, true);
            nodes.sides.get(1).connect();
        });
    }

    /// Nobody is left who knows of the promise, but for the notes.
    @Test
    void whatWasPromisedOfHomesOwnFilesIsNotBelievedWhenBothEndsWereRestarted() throws Exception {
        nodes.close();
        nodes = new TwoNodes(Path.of("/"), 1_000_000, true);
        nodes.sh(work, "echo old > $H/first; ln $H/first $H/second; echo new > $H/third");
        nodes.beginJob(0);
        for (int i = 0; i < 3; i++) nodes.sh(work, "ls $A/none; cat $A/first $A/second");
        TwoNodes.Side own = nodes.sides.get(0);
        nodes.sides.get(1).disconnect();
        own.end();
        nodes.server.close();
        nodes.startServer(Path.of("/"), FileServerConfig.bootNow() + 100);
        own.start(0, true);
        nodes.sides.get(1).connect();
        nodes.beginJob(0);
        assertEquals(
                "found\nnew\nnew\n",
                nodes.sh(
                                work,
                                "echo found > $B/none; mv -f $B/third $B/first; ln -f $B/first $B/second;"
                                        + " cat $A/none $A/first $A/second")
                        .output());
    }

    @Test
    void aKilledProgramDoesNotWaitForALostHome() throws Exception {
        Process process = startWork(30);
        Thread.sleep(1_000);
        TwoNodes.Side side = nodes.sides.get(0);
        side.disconnect();
        Thread.sleep(300);
        assertTrue(process.isAlive());
        process.destroyForcibly();
        assertTrue(process.waitFor(5, TimeUnit.SECONDS), "a killed program still waits for home");
        side.connect();
    }
}
