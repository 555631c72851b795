package drover.simulator.contenders;

import drover.model.LoadVector;
import drover.model.NodeId;
import drover.policy.balancing.BalancingDecision.Cause;
import drover.policy.balancing.BalancingDecision.Move;
import drover.simulator.world.Contender;
import drover.simulator.world.Copy;
import drover.simulator.world.JobSpec;
import drover.simulator.world.SimNode;
import drover.simulator.world.Timeline;
import drover.simulator.world.World;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// MOSIX as facts/01 tells of it: jobs start at home; once a second a node whose filtered load is above 1.5
/// processes, and that has moved none for 2 s, moves its second heaviest to the node where the load would be
/// least, if that, with 130 % of one process added, is below its own. Loads are over speed. A node out of memory
/// moves its largest guest that fits elsewhere. Where the source is silent: the heaviest has computed most.
final class MosixLike implements Contender {
    private static final double TRIGGER = 1.5;
    private static final double ADDED = 1.3;
    private static final long PAUSE_NS = 2 * Timeline.SECOND;

    private final Map<NodeId, Long> lastMoveNs = new HashMap<>();

    @Override
    public Optional<SimNode> place(World world, SimNode home, JobSpec job) {
        return Optional.of(home);
    }

    @Override
    public boolean gossips() {
        return true;
    }

    @Override
    public void second(World world, SimNode node) {
        long now = world.timeline().nowNs();
        if (now - lastMoveNs.getOrDefault(node.id(), -PAUSE_NS) < PAUSE_NS) return;
        boolean full = node.usedBytes() > node.spec().memoryBytes();
        if (!full && node.filter().local() <= TRIGGER) return;
        List<Copy> heaviest = node.copies().stream()
                .filter(copy -> node.runs(copy) && !node.isLeaving(copy))
                .sorted(
                        full
                                ? Comparator.<Copy>comparingLong(
                                        copy -> -copy.spec().bytes())
                                : Comparator.<Copy>comparingDouble(copy -> -node.done(copy)))
                .toList();
        if (heaviest.isEmpty()) return;
        Copy chosen = heaviest.get(full ? 0 : Math.min(1, heaviest.size() - 1));
        double own = node.filter().local() / node.spec().speed();
        NodeId best = null;
        double least = full ? Double.MAX_VALUE : own;
        for (var entry : node.window().view(now).entrySet()) {
            LoadVector load = entry.getValue().vector();
            if (entry.getKey().equals(node.id())
                    || load.memoryFreeBytes() < chosen.spec().bytes()) continue;
            double there = (load.cpuLoad() + ADDED) / load.speed();
            if (there < least) {
                least = there;
                best = entry.getKey();
            }
        }
        if (best == null) return;
        lastMoveNs.put(node.id(), now);
        var move = new Move(chosen.spec().job(), best, Cause.PROCESSOR, Duration.ZERO, Duration.ZERO, 0, 0, "load");
        world.move(node, chosen, move, (_, _) -> true);
    }
}
