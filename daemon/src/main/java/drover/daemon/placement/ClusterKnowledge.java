package drover.daemon.placement;

import drover.model.LoadVector;
import drover.model.NodeId;
import java.time.Duration;
import java.util.Map;

/// What this node knows of the others. Safe from any thread.
public interface ClusterKnowledge {
    /// A load vector and how old it is.
    record Seen(LoadVector load, Duration age) {}

    /// State of a node as membership sees it.
    enum NodeState {
        UP,
        DOWN,
        UNKNOWN
    }

    /// Loads of the nodes that are up, this one included.
    Map<NodeId, Seen> loads();

    NodeState stateOf(NodeId node);
}
