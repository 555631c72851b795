package drover.simulator.world;

import drover.model.JobId;
import drover.model.NodeId;

/// Sees all that happens. Checkers and traces are observers.
public interface Observer {
    /// A copy may have effects from now on.
    default void runs(long nowNs, JobId job, int epoch, NodeId node) {}

    /// That copy has none any more: frozen, ended, or gone.
    default void stops(long nowNs, JobId job, int epoch, NodeId node, String why) {}

    /// Home has committed a move.
    default void moved(long nowNs, JobId job, NodeId from, NodeId to, int moves, String why) {}

    /// Home has committed the end.
    default void ended(long nowNs, JobId job, int reruns) {}

    /// A fault begins or ends.
    default void fault(long nowNs, String what) {}
}
