package drover.model;

/// Text of others, made fit for a terminal: one that was named by a user or sent by a node must not move the
/// reader's cursor, change colours, or hide what follows.
public final class Printable {
    private Printable() {}

    /// One line of at most `maxChars`: control and formatting characters (also those of C1 and the bidirectional
    /// ones) and halves of surrogate pairs become `?`; a longer text is cut.
    public static String line(String text, int maxChars) {
        String line = text.replaceAll("[\\p{Cc}\\p{Cf}\\p{Cs}\\u2028\\u2029]", "?");
        return line.length() <= maxChars ? line : line.substring(0, maxChars - 1) + "…";
    }
}
