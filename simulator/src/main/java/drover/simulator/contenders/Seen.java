package drover.simulator.contenders;

import drover.model.LoadVector;
import drover.policy.load.LoadEntry;
import drover.simulator.world.SimNode;
import drover.simulator.world.World;
import java.util.List;

/// A node as whoever places jobs sees it.
///
/// @param tasks runnable there
record Seen(SimNode node, double tasks, long usedBytes) {
    double power() {
        return node.spec().speed() * node.spec().cpus();
    }

    /// The present of all nodes, which no real system knows.
    static List<Seen> exactly(World world) {
        return world.nodes().stream()
                .map(node -> new Seen(node, node.tasks() + node.arrivingCopies(), node.usedBytes()))
                .toList();
    }

    /// What gossip has told the home.
    static List<Seen> byGossip(World world, SimNode home) {
        var known = new Knowledge().of(world, home);
        return world.nodes().stream()
                .filter(node -> known.containsKey(node.id()))
                .map(node -> of(node, known.get(node.id())))
                .toList();
    }

    private static Seen of(SimNode node, LoadEntry entry) {
        LoadVector load = entry.vector();
        return new Seen(node, load.cpuLoad(), load.memoryTotalBytes() - load.memoryFreeBytes());
    }
}
