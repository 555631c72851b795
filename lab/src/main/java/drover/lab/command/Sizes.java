package drover.lab.command;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Sizes as people type them: 512M, 2G, 1048576.
final class Sizes {
    private static final Pattern TEXT = Pattern.compile("([0-9]+)([KMGT]?)");

    private Sizes() {}

    static long parseBytes(String text) {
        Matcher matcher = TEXT.matcher(text.toUpperCase(Locale.ROOT));
        if (!matcher.matches()) throw new IllegalArgumentException("a size looks like 512M or 2G, got '" + text + "'");
        int shift = matcher.group(2).isEmpty() ? 0 : 10 * (1 + "KMGT".indexOf(matcher.group(2)));
        return Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift);
    }
}
