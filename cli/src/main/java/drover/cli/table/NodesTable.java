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
                    Cells.text(node, "state"),
                    Cells.text(node, "cpus"),
                    Cells.number(node, "speed"),
                    Cells.number(node, "load"),
                    Cells.bytes(node, "memory_free"),
                    Cells.bytes(node, "memory_total"),
                    Cells.text(node, "guests"),
                    Cells.text(node, "address")));
        return table;
    }
}
