package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What happens to a moving job when something breaks after home has written down that it is the target's: one copy
/// runs, on the target, and the job ends right.
///
/// A move is held in a state by stopping the daemon that home waits for: in `Committed` that of the source, which is
/// to say that the guest is dead there, in `Resuming` that of the target, which is to say that it runs.
@Timeout(240) // each wait has its own limit; together they may not take longer than this
class MoveFaultsLabTest {
    private static final List<String> NODES = List.of("n1", "n2", "n3");

    /// Is there while the guest is to be made on n3, which waits until it is taken away.
    private static final String RESTORING = "/run/restoring";
    private static final String HOLDING_CRIU = """
            for criu in /usr/local/lib/drover/criu/bin/criu /usr/sbin/criu; do
                [ ! -x $criu ] || [ -e $criu.real ] || {
                    mv $criu $criu.real
                    cat > $criu <<'SCRIPT'
            #!/bin/sh
            preloaded=$LD_PRELOAD; unset LD_PRELOAD
            [ "$1" != restore ] || { touch RESTORING; while [ -e RESTORING ]; do sleep 0.02; done; }
            LD_PRELOAD=$preloaded exec "$0.real" "$@"
            SCRIPT
                    chmod 755 $criu
                }
            done
            """.replace("RESTORING", RESTORING);

    private static TestLab lab;
    private static Daemons daemons;

    @BeforeAll
    static void up() throws Exception {
        TestLab.needCriu();
        lab = TestLab.up("movefaults", 3);
        daemons = new Daemons(lab);
        // One test waits for it; a daemon that was killed is back earlier.
        daemons.configure("n1", "job-loss-seconds=20");
        lab.sh("n3", HOLDING_CRIU);
    }

    @AfterAll
    static void down() throws Exception {
        if (lab != null) lab.close();
    }

    @BeforeEach
    void whole() throws Exception {
        lab.makeWhole(NODES);
    }

    private interface Fault {
        void happen() throws Exception;
    }

    /// A job on its way from n2 to n3, and what is stopped on its account.
    private static final class Moving implements AutoCloseable {
        final String marker;
        final FatJob job;
        final Command migrate;
        private List<Long> source = List.of();
        private List<Long> target = List.of();

        Moving(String marker) throws Exception {
            this.marker = marker;
            job = new FatJob(lab, marker, "n2");
            migrate = job.migrate("n3");
        }

        /// Home has written that it is n3's, and does not hear that it is dead on n2.
        void holdCommitted() throws Exception {
            TestLab.awaitTrue(
                    "it is to be made on n3",
                    () -> lab.file("n3", RESTORING).toFile().exists() || !migrate.isRunning());
            assertTrue(migrate.isRunning(), migrate.seenErrors() + lab.lastWords());
            source = daemons.of("n2");
            Daemons.signal("STOP", source);
            lab.sh("n3", "rm " + RESTORING);
            awaitState("Committed");
        }

        /// It is dead on n2, and home does not hear that it runs on n3.
        void holdResuming() throws Exception {
            holdCommitted();
            target = daemons.of("n3");
            Daemons.signal("STOP", target);
            letSourceGo();
            awaitState("Resuming");
        }

        private void awaitState(String state) throws Exception {
            String line = "job " + job.number + "@n1: " + state;
            TestLab.awaitTrue(
                    line,
                    20,
                    () -> Files.readString(lab.logOf("n1"), StandardCharsets.ISO_8859_1)
                            .contains(line));
        }

        void letSourceGo() throws Exception {
            Daemons.signal("CONT", source);
            source = List.of();
        }

        void letTargetGo() throws Exception {
            Daemons.signal("CONT", target);
            target = List.of();
        }

        void awaitEndOnTarget() throws Exception {
            lab.awaitGuest("n3", marker);
            awaitState("Moved");
            assertEquals(List.of(), lab.pids("n2", marker), "one copy");
            job.assertGoesOn("n3", 1);
            awaitNothingLeft();
        }

        void awaitNothingLeft() throws Exception {
            for (String node : List.of("n2", "n3"))
                if (lab.initOf(node) != 0)
                    TestLab.awaitTrue(
                            "nothing of it is left on " + node,
                            () -> lab.pids(node, marker).isEmpty());
        }

        @Override
        public void close() throws Exception {
            letSourceGo();
            letTargetGo();
            migrate.close();
            job.close();
        }
    }

    private static void endsOnTheTargetAfterCommitted(String marker, Fault fault) throws Exception {
        try (Moving moving = new Moving(marker)) {
            moving.holdCommitted();
            fault.happen();
            moving.letSourceGo();
            moving.awaitEndOnTarget();
        }
    }

    @Test
    void homesDaemonIsKilledAfterCommit() throws Exception {
        endsOnTheTargetAfterCommitted("home-at-commit", () -> daemons.restart("n1"));
    }

    @Test
    void theSourcesDaemonIsKilledAfterCommit() throws Exception {
        try (Moving moving = new Moving("source-daemon-at-commit")) {
            moving.holdCommitted();
            moving.source = List.of();
            daemons.restart("n2");
            moving.awaitEndOnTarget();
        }
    }

    @Test
    void theTargetsDaemonIsKilledAfterCommit() throws Exception {
        endsOnTheTargetAfterCommitted("target-daemon-at-commit", () -> daemons.restart("n3"));
    }

    @Test
    void theSourceDiesAfterCommit() throws Exception {
        try (Moving moving = new Moving("source-at-commit")) {
            moving.holdCommitted();
            moving.source = List.of();
            lab.lab("kill", "n2");
            moving.awaitEndOnTarget();
        }
    }

    @Test
    void theTargetDiesAfterCommitAndTheJobEndsLoudly() throws Exception {
        try (Moving moving = new Moving("target-at-commit")) {
            moving.holdCommitted();
            lab.lab("kill", "n3");
            moving.letSourceGo();
            Outcome outcome = moving.job.command.await(Command.LIMIT);
            assertEquals(125, outcome.exitStatus(), outcome.errors());
            assertTrue(outcome.errors().contains("was lost: n3 cannot be reached"), outcome.errors());
            moving.job.assertWhole(outcome);
            moving.awaitNothingLeft();
        }
    }

    @Test
    void homesDaemonIsKilledWhileTheTargetIsToLetItRun() throws Exception {
        try (Moving moving = new Moving("home-at-resume")) {
            moving.holdResuming();
            daemons.restart("n1");
            moving.letTargetGo();
            moving.awaitEndOnTarget();
        }
    }

    @Test
    void theTargetsDaemonIsKilledWhileItIsToLetItRun() throws Exception {
        try (Moving moving = new Moving("target-daemon-at-resume")) {
            moving.holdResuming();
            moving.target = List.of();
            daemons.restart("n3");
            moving.awaitEndOnTarget();
        }
    }
}
