package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What is ordered of a node: that its guests leave, that none come, that its own jobs stay.
@Timeout(240) // each wait has its own limit; together they may not take longer than this
class NodeOrdersLabTest {
    private static final List<String> NODES = List.of("n1", "n2", "n3");
    /// Each counts aloud until there is the file, and ends with 3.
    private static final List<List<String>> KINDS = List.of(
            List.of("sh", "-c", "i=0; while [ ! -e /srv/end ]; do echo $i; i=$((i+1)); sleep 0.1; done; exit 3"),
            List.of(
                    "sh",
                    "-c",
                    "(i=0; while [ ! -e /srv/end ]; do echo $i; i=$((i+1)); sleep 0.1; done) | cat; exit 3"),
            List.of("python3", "-c", """
                    import os, threading, time
                    def count():
                        i = 0
                        while not os.path.exists('/srv/end'): print(i, flush=True); i += 1; time.sleep(0.1)
                    counter = threading.Thread(target=count); counter.start(); counter.join()
                    raise SystemExit(3)
                    """),
            List.of("python3", "-c", """
                    import os, time
                    kept = open('/srv/kept', 'w+')
                    i = 0
                    while not os.path.exists('/srv/end'):
                        kept.write('%d\\n' % i); kept.flush(); print(i, flush=True); i += 1; time.sleep(0.1)
                    kept.seek(0)
                    assert kept.read() == ''.join('%d\\n' % each for each in range(i))
                    raise SystemExit(3)
                    """));

    private static TestLab lab;
    private static Daemons daemons;

    @BeforeAll
    static void up() throws Exception {
        TestLab.needCriu();
        lab = SharedLabs.take();
        daemons = new Daemons(lab);
        lab.addUsers();
    }

    @AfterAll
    static void down() throws Exception {
        if (lab != null) lab.close();
    }

    @AfterEach
    void asUsual() throws Exception {
        for (String node : NODES) order("undrain", node).orFail();
    }

    private static Outcome order(String word, String node) throws Exception {
        return lab.at(Duration.ofMinutes(3), "n1", "drover", "node", word, node);
    }

    private static void awaitWaits(Command command, String why) throws Exception {
        TestLab.awaitTrue("it waits: " + why, () -> {
            assertTrue(command.isRunning(), command.seenErrors());
            JsonNode last = lab.lastJob();
            return last.path("state").asText().equals("queued")
                    && lab.sh("n1", "drover why " + last.path("job").asText()).contains(why);
        });
    }

    private static List<JsonNode> on(String node) throws Exception {
        List<JsonNode> jobs = new ArrayList<>();
        for (JsonNode job : lab.jobs(false))
            if (job.path("state").asText().equals("running")
                    && job.path("node").asText().equals(node)) jobs.add(job);
        return jobs;
    }

    @Test
    void aDrainedNodeLosesNoGuestAndTakesNone() throws Exception {
        order("block", "n3").orFail();
        List<Command> guests = new ArrayList<>();
        try {
            for (List<String> kind : KINDS) {
                List<String> words = new ArrayList<>(List.of("drover", "run", "--nodes", "n2,n3", "--"));
                words.addAll(kind);
                guests.add(lab.start("n1", words.toArray(String[]::new)));
            }
            TestLab.awaitTrue(
                    "all count on n2",
                    () -> on("n2").size() == KINDS.size()
                            && guests.stream().allMatch(guest -> guest.seen().startsWith("0\n1\n")));
            order("undrain", "n3").orFail();
            lab.awaitTakesGuests("n3", "open");
            String drained = order("drain", "n2").orFail();
            assertTrue(drained.contains("\nn2 has no guests, after "), drained);
            assertEquals(KINDS.size(), on("n3").size(), lab.jobs(true).toString());
            for (JsonNode job : on("n3")) assertEquals(1, job.path("moves").asInt(), job.toString());

            daemons.restart("n2");
            TestLab.awaitTrue(
                    "it is back", () -> lab.at("n2", "drover", "nodes").exitStatus() == 0);
            lab.awaitUp(NODES);
            lab.awaitTakesGuests("n2", "draining");
            Command late = lab.startRun("n2", "echo", "late");
            guests.add(late);
            awaitWaits(late, "no node that it may use takes guests now");
            order("undrain", "n2").orFail();
            assertEquals("late", late.await(Command.LIMIT).orFail());

            lab.sh("n1", "touch /srv/end");
            for (Command guest : guests.subList(0, KINDS.size())) {
                Outcome outcome = guest.await(Command.LIMIT);
                assertEquals(3, outcome.exitStatus(), outcome.toString());
                String whole = IntStream.range(0, (int) outcome.output().lines().count())
                        .mapToObj(i -> i + "\n")
                        .collect(Collectors.joining());
                assertEquals(whole, outcome.output());
            }
        } finally {
            guests.forEach(Command::close);
        }
    }

    @Test
    void aDrainedHomesOwnJobsLeaveIt() throws Exception {
        order("block", "n2").orFail();
        lab.awaitTakesGuests("n2", "blocked");
        try (Command guest = lab.start("n1", "drover", "run", "--nodes", "n1,n2", "--", "sh", "-c", "cat; exit 3")) {
            TestLab.awaitTrue("it runs at home", () -> on("n1").size() == 1);
            order("undrain", "n2").orFail();
            lab.awaitTakesGuests("n2", "open");
            String drained = order("drain", "n1").orFail();
            assertTrue(drained.contains("\nn1 has no guests, after "), drained);
            assertEquals(1, on("n2").size(), lab.jobs(true).toString());
            guest.input().write("words\n".getBytes(StandardCharsets.US_ASCII));
            guest.input().close();
            Outcome outcome = guest.await(Command.LIMIT);
            assertEquals(3, outcome.exitStatus(), outcome.toString());
            assertEquals("words\n", outcome.output());
        }
    }

    @Test
    void ownJobsStayUntilTheyMayLeave() throws Exception {
        lab.sh("n1", "drover node stay");
        try (Command away = lab.startRun("n2", "cat", "/proc/uptime")) {
            awaitWaits(away, "no node that it may use takes guests now");
            assertTrue(lab.sh("n1", "drover why " + lab.lastJob().path("job").asText())
                    .contains("own jobs stay at home"));
            String here = lab.sh("n1", "drover run cat /proc/uptime");
            assertEquals("n1", TestLab.nodeOf(here.split(" ")[0]));
            lab.sh("n1", "drover node undrain");
            String there = away.await(Command.LIMIT).orFail();
            assertEquals("n2", TestLab.nodeOf(there.split(" ")[0]));
        }
    }

    @Test
    void whoCannotOrderIsToldWhy() throws Exception {
        Outcome byUser = lab.as("ann", "n1", "drover", "node", "drain", "n2");
        assertEquals(1, byUser.exitStatus(), byUser.toString());
        assertTrue(byUser.errors().contains("only root may give a node orders"), byUser.errors());
        Outcome nowhere = order("drain", "n9");
        assertEquals(1, nowhere.exitStatus(), nowhere.toString());
        assertTrue(nowhere.errors().contains("there is no node n9, or it is down"), nowhere.errors());
    }
}
