package drover.simulator.world;

import java.util.Optional;

/// A way of assigning jobs to nodes. Its state is its own; one for each simulated cluster.
public interface Contender {
    /// Where a job starts; empty if it waits at its home, which asks again each second and when a job ends.
    Optional<SimNode> place(World world, SimNode home, JobSpec job);

    /// A chance to move a guest of this node, once a second.
    default void second(World world, SimNode node) {}

    /// What a move brought, told when its guest has ended or left.
    default void measured(World world, World.Measured measured) {}

    /// Whether nodes tell each other their loads.
    default boolean gossips() {
        return false;
    }
}
