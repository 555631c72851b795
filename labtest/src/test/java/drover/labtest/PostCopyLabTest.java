package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Jobs that run on their new node while most of their memory is still on the former, which takes eleven seconds here.
@Timeout(240) // each wait has its own limit; together they may not take longer than this
class PostCopyLabTest {
    private static final List<String> NODES = List.of("n1", "n2", "n3");

    private static TestLab lab;
    private static Daemons daemons;

    @BeforeAll
    static void up() throws Exception {
        TestLab.needCriu();
        lab = TestLab.up("postcopy", 3, "--rate", "100mbit");
        daemons = new Daemons(lab);
        daemons.configure("n3", "job-loss-seconds=6"); // one test waits for it
    }

    @AfterAll
    static void down() throws Exception {
        if (lab != null) lab.close();
    }

    @BeforeEach
    void whole() throws Exception {
        lab.makeWhole(NODES);
    }

    private static boolean memoryFollows() throws Exception {
        return !lab.pids("n3", "drover-pager").isEmpty();
    }

    /// It runs on n3 when this returns, and n2 has most of its memory.
    private static FatJob moved(String marker) throws Exception {
        FatJob job = FatJob.whoseMemoryFollows(lab, marker, "n2");
        try (Command migrate = job.migrate("n3")) {
            migrate.await(Command.LIMIT).orFail();
        }
        assertTrue(memoryFollows(), "most of its memory is still on n2" + lab.lastWords());
        return job;
    }

    private static void awaitNothingLeft(String node, String marker) throws Exception {
        TestLab.awaitTrue(
                "nothing of it is left on " + node, () -> lab.pids(node, marker).isEmpty());
    }

    @Test
    void itGoesOnWhenEachDaemonIsKilledAndLeavesAgainWhenItsMemoryIsThere() throws Exception {
        try (FatJob job = moved("memory-follows")) {
            for (String node : List.of("n2", "n3", "n1")) {
                daemons.restart(node);
                lab.awaitUp(NODES);
                job.awaitCount();
                assertTrue(memoryFollows() || !node.equals("n2"), "it was restarted meanwhile");
                // neither home nor the node knows the guests' files alone
                TestLab.awaitTrue(
                        "home and it have talked again",
                        () -> node.equals("n1") || lab.run(node, "true").exitStatus() == 0);
            }
            try (Command back = job.migrate("n2")) {
                back.await(Command.LIMIT).orFail();
            }
            awaitNothingLeft("n3", "memory-follows");
            job.assertGoesOn("n2", 2);
        }
    }

    @Test
    void itIsLostLoudlyWithTheNodeThatHasItsMemory() throws Exception {
        try (FatJob job = moved("memory-lost")) {
            lab.lab("kill", "n2");
            Outcome outcome = job.command.await(Command.LIMIT);
            assertEquals(125, outcome.exitStatus(), outcome.errors() + lab.lastWords());
            assertTrue(outcome.errors().contains("a part of its memory was still on n2"), outcome.errors());
            job.assertWhole(outcome);
            awaitNothingLeft("n3", "memory-lost");
        }
    }

    @Test
    void nothingOfItIsLeftAnywhereWhenItIsKilled() throws Exception {
        try (FatJob job = moved("memory-unwanted")) {
            assertTrue(!lab.pids("n2", "memory-unwanted").isEmpty(), "it is held on n2");
            lab.at("n1", "drover", "kill", "-s", "KILL", Long.toString(job.number))
                    .orFail();
            assertEquals(137, job.command.await(Command.LIMIT).exitStatus());
            awaitNothingLeft("n2", "memory-unwanted");
            awaitNothingLeft("n3", "memory-unwanted");
            assertTrue(!memoryFollows());
        }
    }
}
