package drover.simulator.contenders;

import drover.simulator.world.Contender;
import drover.simulator.world.JobSpec;
import drover.simulator.world.SimNode;
import drover.simulator.world.World;
import java.util.Comparator;
import java.util.Optional;

/// The node that is least loaded after the job has come, in tasks over speed. Knows the present of all nodes
/// exactly, which no real system does.
final class Greedy implements Contender {
    @Override
    public Optional<SimNode> place(World world, SimNode home, JobSpec job) {
        return world.nodes().stream()
                .min(Comparator.comparingDouble(
                        node -> (node.tasks() + 1) / (node.spec().cpus() * node.spec().speed())));
    }
}
