package drover.cli.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import drover.cli.connection.CommandFailedException;
import drover.cli.connection.DaemonConnection;
import drover.protocol.local.DaemonSocket;
import drover.protocol.local.LocalFrame;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The commands against a real Unix socket.
final class CommandsIT {
    private static final Map<String, String> ANSWERS = Map.of(
            "nodes",
            """
            [{"name":"n1","address":"10.0.0.1:7410","state":"up","speed":1.0,"load":0.456,"cpus":2,
              "memory_total":8589934592,"memory_free":1073741824,"guests":3}]""",
            "ps",
            """
            [{"job":42,"state":"exited","home":"n1","node":"n2","user":"anna","command":"make all","exit_status":3,
              "cpu_seconds":125.0,"rss":1048576,"moves":0,"cannot_move":null}]""",
            "show",
            "{\"job\":42,\"state\":\"running\",\"cpu_seconds\":1.5,\"rss\":2048,\"cannot_move\":[\"tty\",\"locks\"],"
                    + "\"transfers\":[{\"path\":\"/srv/big\",\"direction\":\"read\",\"bytes\":1,\"position\":256,\"size\":1024},"
                    + "{\"path\":\"/srv/new\",\"direction\":\"write\",\"bytes\":1,\"position\":2048,\"size\":2048}]}",
            "why",
            """
            {"sentence":"n2 was cheapest.","numbers":[{"node":"n1","cost":2.0},{"node":"n2","cost":0.5,"chosen":true}]}""",
            "kill",
            "null");

    @TempDir
    Path dir;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private static LocalFrame result(String json) {
        return new LocalFrame(DaemonSocket.RESULT, json.getBytes(UTF_8));
    }

    private int run(String... words) {
        CommandContext context =
                new CommandContext(new DaemonConnection(dir.resolve("s")), new PrintStream(out, true, UTF_8), () -> 80);
        return DroverCommand.execute(context, new PrintStream(err, true, UTF_8), List.of(words));
    }

    private DaemonFixture daemon() throws IOException {
        return new DaemonFixture(
                dir.resolve("s"),
                q -> List.of(result("{\"ok\":true,\"result\":"
                        + ANSWERS.get(q.path("command").asText()) + "}")));
    }

    private String printed() {
        return out.toString(UTF_8);
    }

    @Test
    void nodesAreATableForAPerson() throws IOException {
        try (DaemonFixture daemon = daemon()) {
            assertEquals(0, run("nodes"), err.toString(UTF_8));
            assertEquals(1, daemon.asked.size());
        }
        assertEquals("""
                NODE  STATE  CPUS  SPEED  LOAD  FREE  MEMORY  GUESTS  ADDRESS
                n1    up        2   1.00  0.46  1.0G    8.0G       3  10.0.0.1:7410
                """, printed());
    }

    @Test
    void aNodeThatIsUpAndTakesNoGuestsIsSaidToBeSo() throws IOException {
        String node = ANSWERS.get("nodes").replace("\"guests\":3", "\"guests\":3,\"takes_guests\":\"draining\"");
        String down = node.replace("\"up\"", "\"down\"");
        for (String nodes : List.of(node, down)) {
            try (DaemonFixture _ = new DaemonFixture(
                    dir.resolve("s"), _ -> List.of(result("{\"ok\":true,\"result\":" + nodes + "}")))) {
                assertEquals(0, run("nodes"), err.toString(UTF_8));
            }
            Files.delete(dir.resolve("s"));
        }
        assertTrue(printed().contains("n1    draining"), printed());
        assertTrue(printed().contains("n1    down"), printed());
    }

    @Test
    void drainFollowsTheGuestsUntilNoneIsLeft() throws IOException {
        Deque<Integer> left = new ArrayDeque<>(List.of(2, 1, 0));
        try (DaemonFixture daemon = new DaemonFixture(
                dir.resolve("s"),
                _ -> List.of(result("{\"ok\":true,\"result\":{\"node\":\"n2\",\"takes_guests\":\"draining\",\"guests\":"
                        + left.remove() + ",\"names\":[]}}")))) {
            assertEquals(0, run("node", "drain", "n2"), err.toString(UTF_8));
            assertEquals(
                    List.of("drain", "look", "look"),
                    daemon.asked.stream().map(q -> q.path("order").asText()).toList());
        }
        assertTrue(
                printed().startsWith("n2 takes no guests any more; 2 are to leave. Undo, also after Ctrl-C:"),
                printed());
        assertTrue(printed().contains(" s: 1 left\nn2 has no guests, after "), printed());
    }

    @Test
    void drainEndsWhenSomebodyUndrains() throws IOException {
        Deque<String> takes = new ArrayDeque<>(List.of("draining", "open"));
        try (DaemonFixture _ = new DaemonFixture(
                dir.resolve("s"),
                _ -> List.of(result("{\"ok\":true,\"result\":{\"node\":\"n2\",\"takes_guests\":\"" + takes.remove()
                        + "\",\"guests\":2}}")))) {
            assertEquals(1, run("node", "drain", "n2"));
        }
        assertTrue(err.toString(UTF_8).contains("n2 is not being drained any more"), err.toString(UTF_8));
    }

    @Test
    void jsonIsOneArrayWithRawNumbers() throws IOException {
        try (DaemonFixture daemon = daemon()) {
            assertEquals(0, run("nodes", "--json"));
            assertEquals("nodes", daemon.asked.getFirst().path("command").asText());
        }
        JsonNode nodes = DaemonConnection.JSON.readTree(printed());
        assertTrue(nodes.isArray());
        assertEquals(8_589_934_592L, nodes.get(0).path("memory_total").asLong());
        assertEquals(0.456, nodes.get(0).path("load").asDouble());
    }

    @Test
    void showWithJsonIsAnArrayOfOne() throws IOException {
        try (DaemonFixture daemon = daemon()) {
            assertEquals(0, run("show", "42", "--json"));
            assertEquals("42", daemon.asked.getFirst().path("job").asText());
        }
        JsonNode shown = DaemonConnection.JSON.readTree(printed());
        assertEquals(1, shown.size());
        assertEquals(42, shown.get(0).path("job").asInt());
    }

    @Test
    void showPutsEachFieldOnALineWithItsUnit() throws IOException {
        try (DaemonFixture daemon = daemon()) {
            assertEquals(0, run("show", "42"));
            assertEquals(1, daemon.asked.size());
        }
        assertEquals("""
                job:         42
                state:       running
                cpu seconds: 1.50s
                rss:         2.0K
                cannot move: tty, locks
                reads /srv/big: 25 % of 1.0K
                writes /srv/new: 2.0K so far
                """, printed());
    }

    @Test
    void psAsksForEndedJobsOnlyWithAll() throws IOException {
        try (DaemonFixture daemon = daemon()) {
            assertEquals(0, run("ps"));
            assertTrue(!printed().contains("EXIT"), printed());
            assertEquals(0, run("ps", "--all"));
            assertEquals(false, daemon.asked.get(0).path("all").asBoolean());
            assertEquals(true, daemon.asked.get(1).path("all").asBoolean());
        }
        assertTrue(printed().contains(" 42  exited  n2    n1    anna  2m05s  1.0M      0     3  make all"), printed());
    }

    @Test
    void whyIsASentenceAndItsNumbers() throws IOException {
        try (DaemonFixture daemon = daemon()) {
            assertEquals(0, run("why", "42"));
            assertEquals(1, daemon.asked.size());
        }
        assertEquals("""
                n2 was cheapest.

                NODE  COST  CHOSEN
                n1    2.00  -
                n2    0.50  true
                """, printed());
    }

    @Test
    void killTakesSignalsAsKill1Does() throws IOException {
        try (DaemonFixture daemon = daemon()) {
            assertEquals(0, run("kill", "1"));
            assertEquals(0, run("kill", "-9", "2"));
            assertEquals(0, run("kill", "-HUP", "3", "4"));
            assertEquals(0, run("kill", "--signal", "sigusr1", "5"));
            assertEquals(
                    List.of("1 TERM", "2 KILL", "3 HUP", "4 HUP", "5 USR1"),
                    daemon.asked.stream()
                            .map(q -> q.path("job").asText() + " "
                                    + q.path("signal").asText())
                            .toList());
            assertEquals(2, run("kill", "-s", "NOSUCH", "6"));
            assertEquals(5, daemon.asked.size());
        }
        assertTrue(err.toString(UTF_8).contains("'NOSUCH' is no signal"), err.toString(UTF_8));
    }

    @Test
    void textComesOutAsItsBytes() throws Exception {
        byte[] bytes = {0, (byte) 0xff, 'x', '\n'};
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try (DaemonFixture daemon = new DaemonFixture(
                dir.resolve("s"),
                q -> List.of(
                        new LocalFrame(DaemonSocket.TEXT, bytes),
                        new LocalFrame(DaemonSocket.TEXT, bytes),
                        result("{\"ok\":true,\"result\":null}")))) {
            new DaemonConnection(dir.resolve("s")).askForText(CommandContext.question("logs"), text);
            assertEquals(1, daemon.asked.size());
        }
        assertArrayEquals(new byte[] {0, (byte) 0xff, 'x', '\n', 0, (byte) 0xff, 'x', '\n'}, text.toByteArray());
    }

    @Test
    void theDaemonsRefusalIsPrintedWithItsStatus() throws IOException {
        try (DaemonFixture daemon = new DaemonFixture(
                dir.resolve("s"),
                q -> List.of(
                        result("{\"ok\":false,\"error\":\"there is no job 9. See: drover ps --all\",\"exit\":1}")))) {
            assertEquals(1, run("show", "9"));
            assertEquals(1, daemon.asked.size());
        }
        assertEquals("drover: there is no job 9. See: drover ps --all\n", err.toString(UTF_8));
    }

    @Test
    void aMissingDaemonIsSaidWithWhatToDo() {
        assertEquals(1, run("nodes"));
        String said = err.toString(UTF_8);
        assertTrue(said.startsWith("drover: cannot reach the daemon at " + dir), said);
        assertTrue(said.contains("Start it with: drover daemon"), said);
    }

    @Test
    void anAnswerCutShortIsAFailureNotAResult() throws IOException {
        try (DaemonFixture daemon = new DaemonFixture(dir.resolve("s"), q -> List.of())) {
            assertEquals(1, run("nodes"));
            assertEquals(1, daemon.asked.size());
        }
        assertTrue(err.toString(UTF_8).contains("broke off the answer"), err.toString(UTF_8));
        assertEquals("", printed());
    }

    @Test
    void anAnswerOfNonsenseIsAFailure() throws IOException {
        try (DaemonFixture daemon = new DaemonFixture(dir.resolve("s"), q -> List.of(result("{\"ok\":tr")))) {
            CommandFailedException said = Assertions.assertThrows(
                    CommandFailedException.class,
                    () -> new DaemonConnection(dir.resolve("s")).ask(CommandContext.question("nodes")));
            assertTrue(said.getMessage().contains("not JSON"), said.getMessage());
            assertEquals(1, daemon.asked.size());
        }
    }
}
