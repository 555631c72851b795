package drover.cli.table;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Any list of JSON objects: a column for each field, in the order in which fields first appear. The further
/// right, the sooner a column goes when the terminal is narrow.
public final class ObjectsTable {
    private ObjectsTable() {}

    public static Table of(JsonNode objects) {
        Set<String> fields = new LinkedHashSet<>();
        for (JsonNode object : objects) object.fieldNames().forEachRemaining(fields::add);
        List<Column> columns = new ArrayList<>();
        for (String field : fields) {
            boolean numbers = true;
            for (JsonNode object : objects)
                numbers &= object.path(field).isNumber() || object.path(field).isMissingNode();
            String title = field.toUpperCase(Locale.ROOT).replace('_', ' ');
            columns.add(numbers ? Column.numbers(title, columns.size()) : Column.words(title, columns.size()));
        }
        Table table = new Table(columns.isEmpty() ? List.of(Column.words("", 0)) : columns);
        if (columns.isEmpty()) return table;
        for (JsonNode object : objects)
            table.row(fields.stream().map(f -> Cells.byName(object, f)).toList());
        return table;
    }

    /// One object as `field: value` lines.
    public static List<String> fields(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        int widest = names.stream().mapToInt(String::length).max().orElse(0);
        return names.stream()
                .map(f -> f.replace('_', ' ')
                        + ":"
                        + " ".repeat(widest - f.length() + 1)
                        + Table.printable(Cells.byName(object, f)))
                .toList();
    }
}
