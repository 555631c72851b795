package drover.cli.tui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import drover.cli.connection.DaemonConnection;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TopScreenTest {
    private static JsonNode list(int count, String json) {
        ArrayNode list = DaemonConnection.JSON.createArrayNode();
        try {
            for (int i = 1; i <= count; i++) list.add(DaemonConnection.JSON.readTree(json.replace("#", "" + i)));
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
        return list;
    }

    private static JsonNode nodes(int count) {
        return list(count, "{\"name\":\"n#\",\"state\":\"up\",\"cpus\":2,\"load\":0.5,\"memory_free\":1073741824}");
    }

    private static JsonNode jobs(int count) {
        return list(count, "{\"job\":#,\"state\":\"RUNNING\",\"node\":\"n1\",\"command\":\"sleep #\"}");
    }

    @Test
    void theViewFitsEveryTerminal() {
        for (int rows = 1; rows < 40; rows++)
            for (int columns = 1; columns < 100; columns += 7) {
                List<String> lines = TopScreen.lines(nodes(14), jobs(30), rows, columns);
                String where = rows + "x" + columns + ": " + lines;
                assertTrue(lines.size() <= rows, where);
                int wide = columns;
                assertTrue(lines.stream().allMatch(l -> l.length() <= wide), where);
            }
    }

    @Test
    void aTooSmallTerminalIsToldSo() {
        assertEquals(List.of("terminal too small (30x6 at least)"), TopScreen.lines(nodes(1), jobs(1), 5, 80));
        assertEquals(List.of("terminal too small (", "30x6 at least)"), TopScreen.lines(nodes(1), jobs(1), 5, 20));
    }

    @Test
    void theSummaryCountsOnlyWhatIsUp() {
        ArrayNode nodes = (ArrayNode) nodes(3);
        ((com.fasterxml.jackson.databind.node.ObjectNode) nodes.get(2)).put("state", "down");
        String first = TopScreen.lines(nodes, jobs(4), 40, 100).getFirst();
        assertTrue(first.startsWith("drover: 2 of 3 nodes up, 4 CPUs, 2.0G free; 4 jobs, 4 running"), first);
    }

    @Test
    void whatDoesNotFitIsCounted() {
        List<String> lines = TopScreen.lines(nodes(14), jobs(30), 20, 80);
        assertTrue(lines.stream().anyMatch(l -> l.endsWith("more nodes)")), lines.toString());
        assertTrue(lines.getLast().endsWith("more jobs)"), lines.toString());
    }

    @Test
    void aLongMessageIsWrappedAndNeverScrolls() {
        assertEquals(List.of("abc", "def", "g"), TopScreen.wrapped("abcdefg", new Terminal.Size(4, 3)));
        assertEquals(List.of("abc", "def"), TopScreen.wrapped("abcdefg", new Terminal.Size(2, 3)));
    }
}
