package drover.policy.placement;

import drover.model.NodeId;
import java.util.Set;

/// What a job asks of its place.
///
/// @param allowed nodes it may start on; empty: all
/// @param memoryBytes memory it says it needs; 0: it does not say
/// @param excluded nodes that have failed it
/// @param crowds whether it also goes where more busy guests are than pay: it has to leave where it is
public record PlacementRequest(Set<NodeId> allowed, long memoryBytes, Set<NodeId> excluded, boolean crowds) {
    public PlacementRequest {
        allowed = Set.copyOf(allowed);
        excluded = Set.copyOf(excluded);
        if (memoryBytes < 0) throw new IllegalArgumentException("memoryBytes must be >= 0, got " + memoryBytes);
    }

    /// One that waits rather than crowd a node.
    public PlacementRequest(Set<NodeId> allowed, long memoryBytes, Set<NodeId> excluded) {
        this(allowed, memoryBytes, excluded, false);
    }

    boolean permits(NodeId node) {
        return (allowed.isEmpty() || allowed.contains(node)) && !excluded.contains(node);
    }
}
