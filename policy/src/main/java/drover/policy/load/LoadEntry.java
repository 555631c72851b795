package drover.policy.load;

import drover.model.LoadVector;
import java.time.Duration;
import java.util.Objects;

/// What a node last heard about another's load.
///
/// @param age time since the vector was made, counted while it travelled and while it waited
public record LoadEntry(LoadVector vector, Duration age) {
    public LoadEntry {
        Objects.requireNonNull(vector);
        if (age.isNegative()) throw new IllegalArgumentException("age must be >= 0, got " + age);
    }
}
