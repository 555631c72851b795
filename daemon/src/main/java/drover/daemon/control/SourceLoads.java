package drover.daemon.control;

import drover.daemon.placement.ClusterKnowledge.Seen;
import drover.model.LoadVector;
import drover.model.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What nodes that have guests of this home have to do, as a home can know it: what they say, and less by whom home has
/// sent away since they said it, so that a second guest is not sent after the first for nothing. Loop of home's jobs
/// only.
final class SourceLoads {
    /// By then a guest usually stands still, and its node, which looks around once a second, has told so.
    private static final Duration SHOWN_AFTER = Duration.ofSeconds(2);

    private record Departure(long atNanos, double tasks) {
        boolean isUnseenIn(Duration age, long nowNanos) {
            return nowNanos - age.toNanos() - atNanos < SHOWN_AFTER.toNanos();
        }
    }

    private final Map<NodeId, List<Departure>> departures = new HashMap<>();

    /// Forgets all other nodes.
    void retain(Set<NodeId> sources) {
        departures.keySet().retainAll(sources);
    }

    /// A guest was sent away from there; its move was begun at that time.
    void left(NodeId node, double tasks, long atNanos) {
        departures.computeIfAbsent(node, _ -> new ArrayList<>()).add(new Departure(atNanos, tasks));
    }

    /// The node's vector with the settled load that it is believed to have.
    LoadVector of(NodeId node, Seen told, long nowNanos) {
        List<Departure> gone = departures.getOrDefault(node, List.of());
        if (!gone.isEmpty()) gone.removeIf(each -> !each.isUnseenIn(told.age(), nowNanos));
        double tasksGone = gone.stream().mapToDouble(Departure::tasks).sum();
        return told.load().withSettledLoad(Math.max(0, told.load().settledLoad() - tasksGone));
    }
}
