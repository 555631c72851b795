package drover.lab.namespaces;

import java.util.Locale;

/// What a node's `/` is made of.
public enum RootKind {
    /// The machine's `/` below a disk of the node's own.
    OVERLAY,
    /// Only the JDK, the few libraries it needs, and Drover.
    BARE;

    public static RootKind parse(String text) {
        return switch (text) {
            case "overlay" -> OVERLAY;
            case "bare" -> BARE;
            default -> throw new IllegalArgumentException("a node's root is overlay or bare, got '" + text + "'");
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
