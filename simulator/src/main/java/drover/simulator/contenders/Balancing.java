package drover.simulator.contenders;

import drover.model.LoadVector;
import drover.model.NodeId;
import drover.policy.balancing.BalancingDecision.Move;
import drover.policy.balancing.BalancingDecision.Stay;
import drover.policy.balancing.BalancingLimits;
import drover.policy.balancing.BalancingPolicy;
import drover.policy.balancing.BalancingView;
import drover.policy.balancing.PredictionRecord;
import drover.policy.balancing.Resident;
import drover.policy.balancing.Target;
import drover.simulator.world.Copy;
import drover.simulator.world.SimNode;
import drover.simulator.world.Timeline;
import drover.simulator.world.World;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Asks [BalancingPolicy] once a second for each simulated node, and keeps what the policy cannot see in load
/// vectors: what the node has sent where since, and how its predictions came true.
final class Balancing {
    private static final long UNSEEN_NS = 2 * Timeline.SECOND;

    private static final int TARGETS = 64;
    private static final int QUIET_SECONDS = 10; // a node where nobody waits looks less often

    private final BalancingLimits limits = BalancingLimits.USUAL;
    private final Map<NodeId, PredictionRecord> records = new HashMap<>();
    private final Map<NodeId, List<Sent>> sent = new HashMap<>();

    private record Sent(NodeId target, long bytes, long atNs) {}

    void second(World world, SimNode node) {
        if (node.copies().isEmpty()) return;
        if (node.copies().stream().anyMatch(node::isLeaving)) return; // one at a time: they would share the link
        LoadVector own = node.vector(node.filter().local());
        boolean quiet = own.settledLoad() <= own.cpus() && own.memoryFreeBytes() >= limits.reserveBytes(own);
        if (quiet && (world.timeline().nowNs() / Timeline.SECOND + node.index()) % QUIET_SECONDS != 0) return;
        var view = new BalancingView(
                node.id(),
                own,
                node.arrivingBytes(),
                residents(world, node),
                targets(world, node),
                records.getOrDefault(node.id(), PredictionRecord.NEW));
        switch (BalancingPolicy.decide(view, limits, world.random())) {
            case Stay _ -> {}
            case Move move -> begin(world, node, view, move);
        }
    }

    void measured(World.Measured move) {
        records.compute(
                move.from(),
                (_, record) -> (record == null ? PredictionRecord.NEW : record)
                        .with(
                                move.stretchHere(),
                                move.stretchThere(),
                                seconds(move.workSeconds()),
                                seconds(move.tookSeconds())));
    }

    private void begin(World world, SimNode node, BalancingView view, Move move) {
        Resident guest = view.residents().stream()
                .filter(each -> each.job().equals(move.job()))
                .findFirst()
                .orElseThrow();
        Copy copy = node.copies().stream()
                .filter(each -> each.spec().job().equals(move.job()))
                .findFirst()
                .orElseThrow();
        sent.computeIfAbsent(node.id(), _ -> new ArrayList<>())
                .add(new Sent(
                        move.target(), guest.residentBytes(), world.timeline().nowNs()));
        world.move(
                node,
                copy,
                move,
                (target, source) -> BalancingPolicy.admits(
                        target.vector(target.tasks() + target.arrivingCopies()),
                        target.arrivingBytes(),
                        source,
                        guest,
                        move.cause(),
                        limits));
    }

    private static List<Resident> residents(World world, SimNode node) {
        long now = world.timeline().nowNs();
        List<Resident> residents = new ArrayList<>();
        for (Copy copy : node.copies())
            residents.add(new Resident(
                    copy.spec().job(),
                    seconds(node.done(copy)),
                    copy.spec().bytes(),
                    node.runs(copy) ? 1 : 0,
                    Duration.ofNanos(now - copy.arrivedNs()),
                    copy.moves(),
                    node.runs(copy) ? "" : "it is frozen"));
        return residents;
    }

    private List<Target> targets(World world, SimNode node) {
        long now = world.timeline().nowNs();
        List<Sent> recent = sent.getOrDefault(node.id(), List.of());
        List<Target> targets = new ArrayList<>();
        Knowledge.freshest(world, node, TARGETS).forEach((other, entry) -> {
            if (other.equals(node.id())) return;
            int tasks = 0;
            long bytes = 0;
            for (Sent each : recent) {
                if (!each.target().equals(other)
                        || now - each.atNs() >= entry.age().toNanos() + UNSEEN_NS) continue;
                tasks++;
                bytes += each.bytes();
            }
            double rate = Math.min(
                    node.spec().bytesPerSecond(), world.node(other).spec().bytesPerSecond());
            targets.add(new Target(other, entry, tasks, bytes, rate));
        });
        return targets;
    }

    private static Duration seconds(double seconds) {
        return Duration.ofNanos(Math.round(seconds * 1e9));
    }
}
