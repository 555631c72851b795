package drover.lab.namespaces;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The speed of every node's link, each way. Written as tc(8) writes it: `100mbit`, `1gbit`, `512kbit`.
public record LinkRate(long bitsPerSecond) {
    private static final Pattern TEXT = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)(k|m|g)?bit");

    public LinkRate {
        if (bitsPerSecond < 8_000)
            throw new IllegalArgumentException("a link's rate is at least 8kbit, got " + bitsPerSecond + " bit/s");
    }

    public static LinkRate parse(String text) {
        Matcher matcher = TEXT.matcher(text.toLowerCase(Locale.ROOT));
        if (!matcher.matches())
            throw new IllegalArgumentException("a rate looks like 100mbit, 1gbit or 512kbit, got '" + text + "'");
        double factor = switch (matcher.group(2) == null ? "" : matcher.group(2)) {
            case "k" -> 1e3;
            case "m" -> 1e6;
            case "g" -> 1e9;
            default -> 1;
        };
        return new LinkRate(Math.round(Double.parseDouble(matcher.group(1)) * factor));
    }

    /// As tc(8) reads it.
    @Override
    public String toString() {
        return bitsPerSecond + "bit";
    }
}
