package drover.simulator.contenders;

import drover.simulator.world.Contender;
import drover.simulator.world.JobSpec;
import drover.simulator.world.SimNode;
import drover.simulator.world.World;
import java.util.Comparator;
import java.util.Optional;

/// E-PVM: the node whose marginal cost is least; jobs never move. Source: Amir et al., IEEE TPDS 11(7), 2000.
/// Knows the present of all nodes and the job's memory exactly, as the source's simulation did.
final class EnhancedPvm implements Contender {
    @Override
    public Optional<SimNode> place(World world, SimNode home, JobSpec job) {
        double base = world.nodes().size();
        double most = 1;
        for (SimNode node : world.nodes()) most = Math.max(most, (node.tasks() + 1) / power(node));
        double scale = 1;
        while (scale < most) scale *= 2;
        double loadScale = scale;
        return world.nodes().stream().min(Comparator.comparingDouble(node -> {
            double tasks = node.tasks() / power(node);
            double cpu = Math.pow(base, (tasks + 1 / power(node)) / loadScale) - Math.pow(base, tasks / loadScale);
            double used = (double) node.usedBytes() / node.spec().memoryBytes();
            double more = (double) job.bytes() / node.spec().memoryBytes();
            return cpu + Math.pow(base, used + more) - Math.pow(base, used);
        }));
    }

    private static double power(SimNode node) {
        return node.spec().speed() * node.spec().cpus();
    }
}
