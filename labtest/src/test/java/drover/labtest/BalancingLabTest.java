package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;

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
    /// Sleeps until there is the file GO, and then computes until there is GO-end.
    private static final String WAITS_AND_WORKS = """
            import os, sys, time
            while not os.path.exists(sys.argv[1]): time.sleep(0.2)
            while not os.path.exists(sys.argv[1] + '-end'): sum(range(200000))
            print('done', flush=True)
            """;
    /// A few times what a move costs.
    private static final double WHILE_CPU_SECONDS = 2;

    private static TestLab lab;

    @BeforeAll
    static void up() throws Exception {
        TestLab.needCriu();
        // in the usual short periods one of several busy guests may get nothing for seconds: see LabPlan
        lab = TestLab.up("balance", 3, "--cpu", "0.25", "--cpu-period", "100");
        lab.sh("n1", "echo balance=yes >> /etc/drover/drover.properties");
        new Daemons(lab).restart("n1");
    }

    @AfterAll
    static void down() throws Exception {
        if (lab != null) lab.close();
    }

    @BeforeEach
    void whole() throws Exception {
        lab.makeWhole(NODES);
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

    private static void start(int jobs, String nodes, String go) throws Exception {
        for (int i = 0; i < jobs; i++)
            lab.at("n1", "drover", "run", "--detach", "--nodes", nodes, "--", "python3", "-c", WAITS_AND_WORKS, go)
                    .orFail();
    }

    private static double computed(List<JsonNode> jobs, long number) {
        return jobs.stream()
                .filter(job -> job.path("job").asLong() == number)
                .mapToDouble(job -> job.path("cpu_seconds").asDouble())
                .sum();
    }

    /// Lets each compute for a while longer where it is, and then end.
    ///
    /// @return how often all have moved
    private static int movesOfAll(List<JsonNode> jobs, String go) throws Exception {
        TestLab.awaitTrue("each has computed for a while", Duration.ofMinutes(4), () -> {
            List<JsonNode> now = running();
            return jobs.stream()
                    .map(job -> job.path("job").asLong())
                    .allMatch(number -> computed(now, number) > computed(jobs, number) + WHILE_CPU_SECONDS);
        });
        lab.sh("n1", "touch " + go + "-end");
        TestLab.awaitTrue("all have ended", () -> running().isEmpty());
        int moves = 0;
        for (JsonNode job : jobs) {
            long number = job.path("job").asLong();
            JsonNode ended = lab.shown(number);
            assertEquals(0, ended.path("exit_status").asInt(), ended.toString());
            assertEquals("done", lab.sh("n1", "drover logs " + number));
            moves += ended.path("moves").asInt();
        }
        return moves;
    }

    @Test
    void jobsThatCompeteForOneNodeMoveToOneThatIsIdle() throws Exception {
        lab.lab("kill", "n3");
        start(4, "n2,n3", "/srv/go");
        TestLab.awaitTrue("all run on n2", () -> on("n2") == 4);
        lab.lab("start", "n3");
        lab.awaitUp(NODES);
        lab.sh("n1", "touch /srv/go");
        TestLab.awaitTrue("they share the nodes", () -> on("n2") == 2 && on("n3") == 2);
        int moves = movesOfAll(running(), "/srv/go");
        assertEquals(2, moves, "the first two moves were enough" + lab.lastWords("n1"));
    }

    @Test
    void ofJobsThatCompeteForTheirHomeOneLeavesIt() throws Exception {
        lab.sh("n1", "drover node block n2");
        lab.awaitTakesGuests("n2", "blocked");
        start(2, "n1,n2", "/srv/home");
        TestLab.awaitTrue("both run at home", () -> on("n1") == 2);
        lab.sh("n1", "drover node undrain n2");
        lab.awaitTakesGuests("n2", "open");
        List<JsonNode> all = running();
        lab.sh("n1", "touch /srv/home");
        TestLab.awaitTrue("they share the nodes", () -> on("n1") == 1 && on("n2") == 1);
        movesOfAll(all, "/srv/home");
    }

    @Test
    void aSteadyClusterMovesNothing() throws Exception {
        start(2, "n2,n3", "/srv/steady");
        TestLab.awaitTrue("both run", () -> running().size() == 2);
        lab.sh("n1", "touch /srv/steady");
        List<JsonNode> all = running();
        assertEquals(1, on("n2"), all.toString());
        int moves = movesOfAll(all, "/srv/steady");
        assertEquals(0, moves, "nothing was to be gained" + lab.lastWords("n1"));
    }
}
