package drover.lab.namespaces;

import java.util.Locale;

/// What a node of the lab is doing.
public enum NodeState {
    UP,
    /// Every process of it is frozen: it answers nothing, and does not know.
    HUNG,
    DOWN;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
