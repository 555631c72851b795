package drover.policy.placement;

import drover.model.LoadVector;
import drover.model.NodeId;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// What a home knows of the cluster at one moment. Immutable.
///
/// @param home the node that decides
/// @param candidates nodes that are up and whose load is known, in order of their names
public record ClusterView(NodeId home, List<Candidate> candidates) {

    /// One node a job could start on.
    ///
    /// @param load the freshest vector known
    /// @param busyGuests guests of this home there that use the processor, or were just started
    /// @param unseenGuests those of `busyGuests` that `load` cannot contain yet: started after it was measured
    /// @param allGuests guests of this home there, idle ones too
    /// @param unseenMemoryBytes memory promised to guests that `load` cannot contain yet
    /// @param closed why no more of home's guests are to go there, in a few words; empty if they may
    public record Candidate(
            NodeId node,
            LoadVector load,
            int busyGuests,
            int unseenGuests,
            int allGuests,
            long unseenMemoryBytes,
            String closed) {
        public Candidate {
            if (busyGuests < 0 || unseenGuests < 0 || allGuests < busyGuests)
                throw new IllegalArgumentException(
                        "guests must be 0 <= busy <= all, got " + busyGuests + " of " + allGuests);
        }

        /// One that takes guests.
        public Candidate(
                NodeId node, LoadVector load, int busyGuests, int unseenGuests, int allGuests, long unseenMemoryBytes) {
            this(node, load, busyGuests, unseenGuests, allGuests, unseenMemoryBytes, "");
        }

        public boolean isOpen() {
            return closed.isEmpty();
        }

        /// Runnable tasks, those just started included.
        double tasks() {
            return load.cpuLoad() + unseenGuests;
        }

        long freeBytes() {
            return Math.max(0, load.memoryFreeBytes() - unseenMemoryBytes);
        }
    }

    public ClusterView(NodeId home, Collection<Candidate> candidates) {
        this(
                home,
                candidates.stream()
                        .sorted(Comparator.comparing(Candidate::node))
                        .toList());
    }

    public ClusterView {
        candidates = List.copyOf(candidates);
    }

    public Optional<Candidate> candidate(NodeId node) {
        return candidates.stream().filter(c -> c.node().equals(node)).findFirst();
    }
}
