package drover.daemon.control;

import drover.model.NodeId;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/// Jobs that wait for a place, in order of arrival. Owned by the loop of home's jobs.
final class JobQueue {
    private record Demand(Set<NodeId> nodes, long memoryBytes) {
        static Demand of(Job job) {
            return new Demand(job.options.nodes(), job.options.memoryBytes());
        }
    }

    private final LinkedHashSet<Job> waiting = new LinkedHashSet<>();

    int size() {
        return waiting.size();
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    void addLast(Job job) {
        waiting.addLast(job);
    }

    void addFirst(Job job) {
        waiting.addFirst(job);
    }

    /// Takes its place, unless it has one.
    void addOnce(Job job) {
        waiting.add(job);
    }

    void remove(Job job) {
        waiting.remove(job);
    }

    /// Whether an earlier job asks for the same: then this one must not overtake it.
    boolean mustWait(Job job) {
        Demand demand = Demand.of(job);
        for (Job earlier : waiting) if (Demand.of(earlier).equals(demand)) return true;
        return false;
    }

    /// Tries to place each job. Once a demand could not be met, later jobs with the same demand are not tried.
    ///
    /// @param place places the job and tells whether that worked
    void dispatch(Predicate<Job> place) {
        Set<Demand> unmet = new HashSet<>();
        for (Job job : List.copyOf(waiting)) {
            Demand demand = Demand.of(job);
            if (unmet.contains(demand) || !waiting.contains(job)) continue;
            if (place.test(job)) waiting.remove(job);
            else unmet.add(demand);
        }
    }
}
