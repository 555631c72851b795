package drover.simulator.world;

import drover.model.NodeId;
import java.util.Objects;

/// A simulated machine.
///
/// @param speed of a core, relative to the reference
/// @param bytesPerSecond of its link, each way
public record NodeSpec(NodeId node, double speed, double cpus, long memoryBytes, double bytesPerSecond) {
    public NodeSpec {
        Objects.requireNonNull(node);
        if (!(speed > 0)) throw new IllegalArgumentException("speed must be > 0, got " + speed);
        if (!(cpus > 0)) throw new IllegalArgumentException("cpus must be > 0, got " + cpus);
        if (memoryBytes <= 0) throw new IllegalArgumentException("memoryBytes must be > 0, got " + memoryBytes);
        if (!(bytesPerSecond > 0))
            throw new IllegalArgumentException("bytesPerSecond must be > 0, got " + bytesPerSecond);
    }
}
