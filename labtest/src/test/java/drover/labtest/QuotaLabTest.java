package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Nodes that may give their guests only a part of a core.
class QuotaLabTest {
    private static TestLab lab;

    @BeforeAll
    static void up() throws Exception {
        lab = TestLab.up("quota", 2, "--cpu", "0.10");
    }

    @AfterAll
    static void down() throws Exception {
        if (lab != null) lab.close();
    }

    @Test
    void aNodeTellsThePartThatItHas() throws Exception {
        for (JsonNode node : lab.json("n1", "drover", "nodes", "--json"))
            assertEquals(0.1, node.path("cpus").asDouble(), node.toString());
    }

    private static Map<String, List<JsonNode>> jobsByState() throws Exception {
        Map<String, List<JsonNode>> jobs = new TreeMap<>();
        for (JsonNode job : lab.jobs(false))
            jobs.computeIfAbsent(job.path("state").asText(), state -> new ArrayList<>())
                    .add(job);
        return jobs;
    }

    @Test
    void onlyOneBusyGuestRunsOnAPartOfACore() throws Exception {
        for (int i = 0; i < 6; i++) lab.sh("n1", "drover run --detach -- sh -c 'while ! [ -e /srv/end ]; do :; done'");
        TestLab.awaitTrue(
                "two have worked for a while",
                () -> jobsByState().getOrDefault("running", List.of()).stream()
                                .filter(job -> job.path("cpu_seconds").asDouble() > 0.4)
                                .count()
                        >= 2);
        Map<String, List<JsonNode>> jobs = jobsByState();
        assertEquals(
                List.of("n1", "n2"),
                jobs.get("running").stream()
                        .map(job -> job.path("node").asText())
                        .sorted()
                        .toList());
        assertEquals(4, jobs.get("queued").size(), jobs.toString());
        lab.sh("n1", "touch /srv/end");
        TestLab.awaitTrue("all have ended", () -> jobsByState().isEmpty());
    }
}
