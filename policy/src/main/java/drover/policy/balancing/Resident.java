package drover.policy.balancing;

import drover.model.JobId;
import java.time.Duration;
import java.util.Objects;

/// A guest on the node that balancing looks at.
///
/// @param cpuUsed what it has computed so far, in seconds of a core of speed 1: its age in the sense of
///     Harchol-Balter and Downey. Time spent waiting tells nothing of what is left
/// @param residentBytes what a move would have to carry
/// @param tasks runnable tasks it adds to a node; 0: it sleeps, and a move would gain nothing
/// @param sinceArrival since it came to this node, by start or by move
/// @param moves how often it was moved
/// @param cannotMove why it has to stay here, or empty
public record Resident(
        JobId job,
        Duration cpuUsed,
        long residentBytes,
        double tasks,
        Duration sinceArrival,
        int moves,
        String cannotMove) {
    public Resident {
        Objects.requireNonNull(job);
        Objects.requireNonNull(cannotMove);
        if (cpuUsed.isNegative()) throw new IllegalArgumentException("cpuUsed must be >= 0, got " + cpuUsed);
        if (residentBytes < 0) throw new IllegalArgumentException("residentBytes must be >= 0, got " + residentBytes);
        if (!(tasks >= 0)) throw new IllegalArgumentException("tasks must be >= 0, got " + tasks);
        if (sinceArrival.isNegative())
            throw new IllegalArgumentException("sinceArrival must be >= 0, got " + sinceArrival);
        if (moves < 0) throw new IllegalArgumentException("moves must be >= 0, got " + moves);
    }
}
