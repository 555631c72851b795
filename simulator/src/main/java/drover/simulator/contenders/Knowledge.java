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
    private Knowledge() {}

    /// The entries of nodes that are members; of itself a node knows the present.
    static Map<NodeId, LoadEntry> of(World world, SimNode self) {
        Map<NodeId, LoadEntry> known = new HashMap<>(self.window().view(world.timeline().nowNs()));
        known.keySet().removeIf(node -> !world.isMember(self, world.node(node)));
        known.put(self.id(), new LoadEntry(self.vector(self.filter().exported()), Duration.ZERO));
        return known;
    }
}
