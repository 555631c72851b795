package drover.daemon.control;

import drover.model.NodeId;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.function.Predicate;

/// Jobs that wait for a place. Those that ask for the same are served in order of arrival; one that waits for
/// particular nodes holds up nobody who asks for others. Owned by the loop of home's jobs.
final class JobQueue {
    private record Demand(Set<NodeId> nodes, long memoryBytes) {
        static Demand of(Job job) {
            return new Demand(job.options.nodes(), job.options.memoryBytes());
        }
    }

    private final Map<Demand, SequencedSet<Job>> waiting = new HashMap<>();
    private int size;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    void addLast(Job job) {
        if (line(job).add(job)) size++;
    }

    void addFirst(Job job) {
        SequencedSet<Job> line = line(job);
        if (!line.contains(job)) size++;
        line.addFirst(job);
    }

    private SequencedSet<Job> line(Job job) {
        return waiting.computeIfAbsent(Demand.of(job), demand -> new LinkedHashSet<>());
    }

    void remove(Job job) {
        Demand demand = Demand.of(job);
        SequencedSet<Job> line = waiting.get(demand);
        if (line == null || !line.remove(job)) return;
        size--;
        if (line.isEmpty()) waiting.remove(demand);
    }

    /// Whether an earlier job asks for the same: then this one must not overtake it.
    boolean mustWait(Job job) {
        return waiting.containsKey(Demand.of(job));
    }

    /// Tries to place jobs, the earliest first. Once a demand could not be met, later jobs with the same one
    /// are not tried.
    ///
    /// @param place places the job and tells whether it waits no longer
    void dispatch(Predicate<Job> place) {
        Set<Demand> unmet = new HashSet<>();
        for (Optional<Job> next = earliest(unmet); next.isPresent(); next = earliest(unmet)) {
            Job job = next.get();
            if (place.test(job)) remove(job);
            else unmet.add(Demand.of(job));
        }
    }

    private Optional<Job> earliest(Set<Demand> unmet) {
        return waiting.entrySet().stream()
                .filter(entry -> !unmet.contains(entry.getKey()))
                .map(entry -> entry.getValue().getFirst())
                .min(Comparator.comparing(job -> job.id));
    }
}
