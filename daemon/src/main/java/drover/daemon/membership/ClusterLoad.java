package drover.daemon.membership;

import drover.model.NodeId;
import drover.policy.load.LoadEntry;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// What this node knows of the load of all nodes, itself included, at one moment. Nodes that are not up are not
/// in it.
public record ClusterLoad(SortedMap<NodeId, LoadEntry> entries) {
    public ClusterLoad {
        entries = Collections.unmodifiableSortedMap(new TreeMap<>(Map.copyOf(entries)));
    }
}
