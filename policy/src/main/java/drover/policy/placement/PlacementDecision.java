package drover.policy.placement;

import drover.model.NodeId;
import java.util.List;

/// Where a job starts, or why it waits. Either way with the numbers it was decided by.
public sealed interface PlacementDecision {
    /// What one node would have cost.
    ///
    /// @param cost marginal cost of the job there; the least wins. Infinite where the job must not go
    /// @param remark why the node was out of the question, or empty
    record Offer(NodeId node, double cost, double tasks, double speed, long memoryFreeBytes, String remark) {}

    List<Offer> offers();

    /// Starts on this node.
    record Place(NodeId node, String reason, List<Offer> offers) implements PlacementDecision {
        public Place {
            offers = List.copyOf(offers);
        }
    }

    /// Waits in the queue: every node it may use has as many busy guests as pay.
    record Wait(String reason, List<Offer> offers) implements PlacementDecision {
        public Wait {
            offers = List.copyOf(offers);
        }
    }

    /// Can never start as things are.
    record Impossible(String reason, List<Offer> offers) implements PlacementDecision {
        public Impossible {
            offers = List.copyOf(offers);
        }
    }
}
