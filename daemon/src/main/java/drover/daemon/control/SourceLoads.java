package drover.daemon.control;

import drover.daemon.placement.ClusterKnowledge.Seen;
import drover.model.LoadVector;
import drover.model.NodeId;
import drover.policy.load.LoadFilter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What nodes that have guests of this home have to do, as a home can know it. A node tells others a load that
/// rises at once and falls slowly ([LoadFilter]). Here it rises slowly, so that a burst sends nobody away, and
/// a guest that was sent away is taken off at once, so that a second one is not sent after it for nothing.
/// Loop of home's jobs only.
final class SourceLoads {
    /// A task that left is forgotten when so little of it is still told.
    private static final double NOTHING = 0.02;

    private record Departure(long atNanos, double tasks) {
        /// What a vector of that age still tells of it.
        double stillTold(long nowNanos, Duration age) {
            double seconds = Math.max(0, nowNanos - atNanos - age.toNanos()) / 1e9;
            return LoadFilter.stillExported(tasks, seconds);
        }
    }

    private final Map<NodeId, LoadFilter> filters = new HashMap<>();
    private final Map<NodeId, List<Departure>> departures = new HashMap<>();

    /// Takes what those nodes say, and forgets others. Call once a second.
    void sample(Set<NodeId> sources, Map<NodeId, Seen> seen) {
        filters.keySet().retainAll(sources);
        departures.keySet().retainAll(sources);
        for (NodeId node : sources) {
            Seen told = seen.get(node);
            if (told == null) continue;
            double load = told.load().cpuLoad();
            filters.compute(node, (_, filter) -> (filter == null ? LoadFilter.IDLE : filter).with(load));
        }
    }

    /// A guest was sent away from there.
    void left(NodeId node, double tasks, long nowNanos) {
        departures.computeIfAbsent(node, _ -> new ArrayList<>()).add(new Departure(nowNanos, tasks));
    }

    /// The node's vector with the load that it is believed to have.
    LoadVector of(NodeId node, Seen told, long nowNanos) {
        LoadFilter filter = filters.getOrDefault(node, LoadFilter.IDLE);
        List<Departure> gone = departures.getOrDefault(node, List.of());
        double tasksGone = gone.stream()
                .mapToDouble(each -> each.stillTold(nowNanos, told.age()))
                .sum();
        if (!gone.isEmpty()) gone.removeIf(each -> each.stillTold(nowNanos, told.age()) < NOTHING);
        double tasks = Math.min(told.load().cpuLoad(), filter.local());
        return told.load().withCpuLoad(Math.max(0, tasks - tasksGone));
    }
}
