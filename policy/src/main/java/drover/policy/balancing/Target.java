package drover.policy.balancing;

import drover.model.NodeId;
import drover.policy.load.LoadEntry;
import java.util.Objects;

/// Another node as a place to move to.
///
/// @param entry the freshest vector known, and its age. Its load is the exported one, slow to fall
///     ([drover.policy.load.LoadFilter])
/// @param unseenTasks tasks that were sent there after the vector was made
/// @param unseenBytes memory that was promised there after the vector was made
/// @param bytesPerSecond measured bandwidth to it
public record Target(NodeId node, LoadEntry entry, double unseenTasks, long unseenBytes, double bytesPerSecond) {
    public Target {
        Objects.requireNonNull(node);
        Objects.requireNonNull(entry);
        if (!(unseenTasks >= 0)) throw new IllegalArgumentException("unseenTasks must be >= 0, got " + unseenTasks);
        if (unseenBytes < 0) throw new IllegalArgumentException("unseenBytes must be >= 0, got " + unseenBytes);
        if (!(bytesPerSecond > 0))
            throw new IllegalArgumentException("bytesPerSecond must be > 0, got " + bytesPerSecond);
    }

    double tasks() {
        return entry.vector().cpuLoad() + unseenTasks;
    }

    long freeBytes() {
        return Math.max(0, entry.vector().memoryFreeBytes() - unseenBytes);
    }
}
