package drover.model;

import java.util.Locale;

/// Whether a node takes guests of other homes. Its own jobs run on it, too, unless it is being drained.
public enum Openness {
    OPEN,
    /// Takes no more; those that it has stay.
    BLOCKED,
    /// Takes no more, and homes move away those that it has.
    DRAINING;

    /// As it is written in JSON and in files.
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
