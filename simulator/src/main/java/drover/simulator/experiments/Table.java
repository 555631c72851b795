package drover.simulator.experiments;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// Rows of named values, written as results.json and results.csv, and shown as a table of Markdown.
public final class Table {
    private final List<Map<String, Object>> rows = new ArrayList<>();

    /// A table without rows.
    public Table() {}

    /// Begins a row: names and values by turns. Values are texts and numbers.
    public Table row(Object... namesAndValues) {
        Map<String, Object> row = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) row.put((String) namesAndValues[i], namesAndValues[i + 1]);
        rows.add(row);
        return this;
    }

    /// Writes both files, and what made them.
    public void write(Path directory, String command) throws IOException {
        Files.createDirectories(directory);
        ArrayNode json = JsonNodeFactory.instance.arrayNode();
        StringBuilder csv = new StringBuilder(String.join(",", rows.getFirst().keySet()) + "\n");
        for (Map<String, Object> row : rows) {
            ObjectNode object = json.addObject();
            row.forEach((name, value) -> put(object, name, value));
            csv.append(row.values().stream().map(Table::field).collect(Collectors.joining(",")))
                    .append('\n');
        }
        Files.writeString(
                directory.resolve("results.json"),
                new JsonMapper().writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
        Files.writeString(directory.resolve("results.csv"), csv);
        Files.writeString(
                directory.resolve("description.json"),
                JsonNodeFactory.instance.objectNode().put("command", command).toPrettyString() + "\n");
    }

    private static void put(ObjectNode object, String name, Object value) {
        switch (value) {
            case Integer number -> object.put(name, number);
            case Long number -> object.put(name, number);
            case Double number -> object.put(name, number);
            default -> object.put(name, value.toString());
        }
    }

    /// As Markdown.
    public String markdown() {
        StringBuilder out =
                new StringBuilder("| " + String.join(" | ", rows.getFirst().keySet()) + " |\n|");
        out.append("---|".repeat(rows.getFirst().size())).append('\n');
        for (Map<String, Object> row : rows)
            out.append(row.values().stream().map(Table::text).collect(Collectors.joining(" | ", "| ", " |\n")));
        return out.toString();
    }

    private static String field(Object value) {
        String text = value.toString();
        return text.contains(",") ? '"' + text + '"' : text;
    }

    private static String text(Object value) {
        return value instanceof Double number ? String.format(Locale.ROOT, "%.3f", number) : value.toString();
    }
}
