package drover.cli.table;

import com.fasterxml.jackson.databind.JsonNode;

/// A field of a JSON object as a table's cell; `-` where there is none.
public final class Cells {
    private static final String NOTHING = "-";

    private Cells() {}

    public static String text(JsonNode object, String field) {
        return any(object.path(field));
    }

    public static String number(JsonNode object, String field) {
        JsonNode value = object.path(field);
        return value.isNumber() ? Units.number(value.asDouble()) : any(value);
    }

    public static String bytes(JsonNode object, String field) {
        JsonNode value = object.path(field);
        return value.isNumber() ? Units.bytes(value.asLong()) : any(value);
    }

    public static String seconds(JsonNode object, String field) {
        JsonNode value = object.path(field);
        return value.isNumber() ? Units.seconds(value.asDouble()) : any(value);
    }

    /// Any field, its unit taken from its name: the ends of names are part of the JSON contract.
    public static String byName(JsonNode object, String field) {
        if (isBytes(field)) return bytes(object, field);
        if (field.endsWith("_seconds") || field.equals("seconds")) return seconds(object, field);
        JsonNode value = object.path(field);
        return value.isFloatingPointNumber() ? Units.number(value.asDouble()) : any(value);
    }

    private static boolean isBytes(String field) {
        return field.equals("rss") || field.startsWith("memory_") || field.endsWith("_bytes") || field.equals("bytes");
    }

    /// A value as it is; lists as words with commas.
    public static String any(JsonNode value) {
        if (value.isMissingNode() || value.isNull()) return NOTHING;
        if (value.isArray()) {
            StringBuilder out = new StringBuilder();
            for (JsonNode one : value)
                out.append(out.isEmpty() ? "" : ", ").append(one.isValueNode() ? one.asText() : one.toString());
            return out.isEmpty() ? NOTHING : out.toString();
        }
        if (value.isValueNode()) return value.asText().isEmpty() ? NOTHING : value.asText();
        return value.toString();
    }
}
