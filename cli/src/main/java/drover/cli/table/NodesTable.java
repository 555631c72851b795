package drover.cli.table;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/// `drover nodes` for a person.
public final class NodesTable {
    private static final List<Column> COLUMNS = List.of(
            Column.words("NODE", 0),
            Column.words("STATE", 0),
            Column.numbers("CPUS", 2),
            Column.numbers("SPEED", 3),
            Column.numbers("LOAD", 0),
            Column.numbers("FREE", 1),
            Column.numbers("MEMORY", 4),
            Column.numbers("GUESTS", 1),
            Column.words("ADDRESS", 5));

    private NodesTable() {}

    public static Table of(JsonNode nodes) {
        Table table = new Table(COLUMNS);
        for (JsonNode node : nodes)
            table.row(List.of(
                    Cells.text(node, "name"),
                    state(node),
                    Cells.text(node, "cpus"),
                    Cells.number(node, "speed"),
                    Cells.number(node, "load"),
                    Cells.bytes(node, "memory_free"),
                    Cells.bytes(node, "memory_total"),
                    Cells.text(node, "guests"),
                    Cells.text(node, "address")));
        return table;
    }

    /// What matters of a node that is up is whether guests may go there.
    private static String state(JsonNode node) {
        String guests = node.path("takes_guests").asText("open");
        boolean isUp = node.path("state").asText().equals("up");
        return !isUp || node.path("takes_guests").isNull() || guests.equals("open")
                ? Cells.text(node, "state")
                : guests;
    }
}
