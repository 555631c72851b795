package drover.simulator.contenders;

import drover.simulator.world.Contender;
import drover.simulator.world.JobSpec;
import drover.simulator.world.SimNode;
import drover.simulator.world.World;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// The node that is least loaded after the job has come, in tasks over speed. Jobs never move.
///
/// @param exact whether it knows the present of all nodes, or what gossip tells
record Greedy(boolean exact) implements Contender {
    @Override
    public Optional<SimNode> place(World world, SimNode home, JobSpec job) {
        List<Seen> nodes = exact ? Seen.exactly(world) : Seen.byGossip(world, home);
        return nodes.stream()
                .min(Comparator.comparingDouble(node -> (node.tasks() + 1) / node.power()))
                .map(Seen::node);
    }

    @Override
    public boolean gossips() {
        return !exact;
    }
}
