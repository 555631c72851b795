package drover.simulator.contenders;

import drover.simulator.world.Contender;
import drover.simulator.world.JobSpec;
import drover.simulator.world.SimNode;
import drover.simulator.world.World;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// E-PVM: the node whose marginal cost is least, over processor and memory. Jobs never move, and say how much
/// memory they use. Source: Amir et al., IEEE TPDS 11(7), 2000, doi 10.1109/71.877834.
///
/// @param exact whether it knows the present of all nodes, or what gossip tells
record EnhancedPvm(boolean exact) implements Contender {
    @Override
    public Optional<SimNode> place(World world, SimNode home, JobSpec job) {
        List<Seen> nodes = exact ? Seen.exactly(world) : Seen.byGossip(world, home);
        double base = Math.max(2, nodes.size());
        double most = nodes.stream()
                .mapToDouble(node -> (node.tasks() + 1) / node.power())
                .max()
                .orElse(1);
        double scale = 1;
        while (scale < most) scale *= 2;
        double tasksScale = scale;
        return nodes.stream()
                .min(Comparator.comparingDouble(node -> cost(node, job, base, tasksScale)))
                .map(Seen::node);
    }

    private static double cost(Seen node, JobSpec job, double base, double scale) {
        double tasks = node.tasks() / node.power();
        double cpu = Math.pow(base, (tasks + 1 / node.power()) / scale) - Math.pow(base, tasks / scale);
        double total = node.node().spec().memoryBytes();
        double used = node.usedBytes() / total;
        return cpu + Math.pow(base, used + job.bytes() / total) - Math.pow(base, used);
    }

    @Override
    public boolean gossips() {
        return !exact;
    }
}
