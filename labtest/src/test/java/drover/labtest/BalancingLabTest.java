package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Running jobs that move by themselves, and those that do not. Each node gives its guests a quarter of a core.
@Timeout(300)
@Order(2)
class BalancingLabTest {
    private static final List<String> NODES = List.of("n1", "n2", "n3");
    /// Sleeps until there is a file, and then computes for so many seconds of its own.
    private static final String WAITS_AND_WORKS = """
            import os, sys, time
            while not os.path.exists(sys.argv[1]): time.sleep(0.2)
            n = 0
            while time.process_time() < float(sys.argv[2]): n += 1
            print('done', flush=True)
            """;

    private static TestLab lab;

    @BeforeAll
    static void up() throws Exception {
        TestLab.needCriu();
        lab = TestLab.up("balance", 3, "--cpu", "0.25");
        lab.sh("n1", "echo balance=yes >> /etc/drover/drover.properties");
        new Daemons(lab).restart("n1");
    }

    @AfterAll
    static void down() throws Exception {
        if (lab != null) lab.close();
    }

    @BeforeEach
    void whole() throws Exception {
        for (String node : NODES) if (lab.initOf(node) == 0) lab.lab("start", node);
        lab.awaitUp(NODES);
    }

    private static List<JsonNode> running() throws Exception {
        List<JsonNode> jobs = new ArrayList<>();
        for (JsonNode job : lab.jobs(false)) if (job.path("state").asText().equals("running")) jobs.add(job);
        return jobs;
    }

    private static long on(String node) throws Exception {
        return running().stream()
                .filter(job -> job.path("node").asText().equals(node))
                .count();
    }

    private static void start(int jobs, String signal, int seconds) throws Exception {
        for (int i = 0; i < jobs; i++)
            lab.at(
                            "n1",
                            "drover",
                            "run",
                            "--detach",
                            "--nodes",
                            "n2,n3",
                            "--",
                            "python3",
                            "-c",
                            WAITS_AND_WORKS,
                            signal,
                            Integer.toString(seconds))
                    .orFail();
    }

    @Test
    void jobsThatCompeteForOneNodeMoveToOneThatIsIdle() throws Exception {
        lab.lab("kill", "n3");
        start(4, "/srv/go", 4);
        TestLab.awaitTrue("all run on n2", () -> on("n2") == 4);
        lab.lab("start", "n3");
        lab.awaitUp(NODES);
        lab.sh("n1", "touch /srv/go");
        TestLab.awaitTrue("they share the nodes", () -> on("n2") == 2 && on("n3") == 2);
        List<JsonNode> all = running();
        TestLab.awaitTrue(
                "all have ended", Duration.ofMinutes(4), () -> running().isEmpty());
        int moves = 0;
        List<String> ends = new ArrayList<>();
        for (JsonNode job : all) {
            JsonNode ended = lab.json("n1", "drover", "show", job.path("job").asText(), "--json")
                    .get(0);
            assertEquals(0, ended.path("exit_status").asInt(), ended.toString());
            moves += ended.path("moves").asInt();
            ends.add(ended.path("runs") + " runs and " + ended.path("moves") + " moves to " + ended.path("node"));
            assertEquals("done", lab.sh("n1", "drover logs " + job.path("job").asText()));
        }
        assertEquals(2, moves, "the first two moves were enough: " + ends + lab.lastWords("n1"));
    }

    @Test
    void aSteadyClusterMovesNothing() throws Exception {
        lab.sh("n1", "rm -f /srv/steady");
        start(2, "/srv/steady", 4);
        TestLab.awaitTrue("both run", () -> running().size() == 2);
        lab.sh("n1", "touch /srv/steady");
        List<JsonNode> all = running();
        assertEquals(1, on("n2"), all.toString());
        TestLab.awaitTrue(
                "all have ended", Duration.ofMinutes(4), () -> running().isEmpty());
        for (JsonNode job : all) {
            JsonNode ended = lab.json("n1", "drover", "show", job.path("job").asText(), "--json")
                    .get(0);
            assertEquals(0, ended.path("moves").asInt(), ended.toString());
            assertTrue(ended.path("cpu_seconds").asDouble() > 3, ended.toString());
        }
    }
}
