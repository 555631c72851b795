package drover.policy.balancing;

import drover.model.LoadVector;
import drover.model.NodeId;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/// What a node knows when it asks whether one of its guests should move. Immutable.
///
/// @param node the node that the guests are on
/// @param own its vector of this moment; its settled load counts, so that a short burst sends nobody away
/// @param arrivingBytes memory promised to guests that are on their way here
/// @param residents its guests, whatever their home; those on their way out left out
/// @param targets the other nodes that are up, take guests, and whose load is known; in order of their names
/// @param record how well this node's predictions came true
public record BalancingView(
        NodeId node,
        LoadVector own,
        long arrivingBytes,
        List<Resident> residents,
        List<Target> targets,
        PredictionRecord record) {
    public BalancingView {
        Objects.requireNonNull(node);
        Objects.requireNonNull(own);
        Objects.requireNonNull(record);
        if (arrivingBytes < 0) throw new IllegalArgumentException("arrivingBytes must be >= 0, got " + arrivingBytes);
        residents = List.copyOf(residents);
        targets = targets.stream()
                .filter(target -> !target.node().equals(node))
                .sorted(Comparator.comparing(Target::node))
                .toList();
    }

    /// Tasks that compete here, a burst left out.
    double tasks() {
        return own.settledLoad();
    }

    long freeBytes() {
        return own.memoryFreeBytes() - arrivingBytes;
    }
}
