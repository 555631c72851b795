package drover.simulator.contenders;

import drover.simulator.world.Contender;
import drover.simulator.world.JobSpec;
import drover.simulator.world.SimNode;
import drover.simulator.world.World;
import java.util.Optional;

/// PVM's: the next job to the next node, whatever these are.
final class RoundRobin implements Contender {
    private int next;

    @Override
    public Optional<SimNode> place(World world, SimNode home, JobSpec job) {
        return Optional.of(world.nodes().get(next++ % world.nodes().size()));
    }
}
