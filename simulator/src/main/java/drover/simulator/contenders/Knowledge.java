package drover.simulator.contenders;

import drover.model.NodeId;
import drover.policy.load.LoadEntry;
import drover.simulator.world.SimNode;
import drover.simulator.world.World;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/// What a simulated node knows of the others, as the daemon's load window would tell it.
final class Knowledge {
    private Map<NodeId, LoadEntry> latest = Map.of();
    private SimNode latestOf;
    private long latestNs;

    /// The entries of nodes that are members; of itself a node knows the present. Jobs that are given at one moment are
    /// placed with the same knowledge.
    Map<NodeId, LoadEntry> of(World world, SimNode self) {
        long now = world.timeline().nowNs();
        if (latestOf != self || latestNs != now)
            latest = members(world, self, self.window().view(now));
        else latest.put(self.id(), present(self));
        latestOf = self;
        latestNs = now;
        return latest;
    }

    /// The freshest of them alone: in a large cluster enough to choose among, once a second.
    static Map<NodeId, LoadEntry> freshest(World world, SimNode self, int count) {
        return members(
                world, self, self.window().freshest(count, world.timeline().nowNs()));
    }

    private static Map<NodeId, LoadEntry> members(World world, SimNode self, Map<NodeId, LoadEntry> entries) {
        Map<NodeId, LoadEntry> known = new HashMap<>(entries);
        known.keySet().removeIf(node -> !world.isMember(self, world.node(node)));
        known.put(self.id(), present(self));
        return known;
    }

    private static LoadEntry present(SimNode self) {
        return new LoadEntry(self.vector(self.filter().exported()), Duration.ZERO);
    }
}
