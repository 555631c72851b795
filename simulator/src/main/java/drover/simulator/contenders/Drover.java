package drover.simulator.contenders;

import drover.model.NodeId;
import drover.policy.load.LoadEntry;
import drover.policy.placement.ClusterView;
import drover.policy.placement.ClusterView.Candidate;
import drover.policy.placement.PlacementDecision;
import drover.policy.placement.PlacementDecision.Impossible;
import drover.policy.placement.PlacementDecision.Offer;
import drover.policy.placement.PlacementDecision.Place;
import drover.policy.placement.PlacementDecision.Wait;
import drover.policy.placement.PlacementPolicy;
import drover.policy.placement.PlacementRequest;
import drover.simulator.world.Contender;
import drover.simulator.world.HomeBook;
import drover.simulator.world.JobSpec;
import drover.simulator.world.SimNode;
import drover.simulator.world.Timeline;
import drover.simulator.world.World;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The daemon's own policies, fed as the daemon feeds them: from the home's or node's load window, which gossip
/// fills, and from what it did itself since. It knows neither how long jobs are nor, unless they say so, how much
/// memory they will use.
final class Drover implements Contender {
    private static final int GUEST_MAX = 100_000;
    private static final long UNSEEN_NS = 2 * Timeline.SECOND; // a filtered load shows a new task after that

    private final int asks;
    private final Optional<Balancing> balancing;
    private final Knowledge knowledge = new Knowledge();

    /// @param asks how many of the best nodes are asked for their present before a job starts
    /// @param balances whether guests are moved, or only placed
    Drover(int asks, boolean balances) {
        this.asks = asks;
        balancing = balances ? Optional.of(new Balancing()) : Optional.empty();
    }

    @Override
    public boolean gossips() {
        return true;
    }

    @Override
    public Optional<SimNode> place(World world, SimNode home, JobSpec job) {
        var request = new PlacementRequest(Set.of(), job.tellsMemory() ? job.bytes() : 0, Set.of());
        PlacementDecision decision = PlacementPolicy.decide(view(world, home), request, GUEST_MAX, world.random());
        if (asks > 0)
            decision = PlacementPolicy.decide(asked(world, home, decision), request, GUEST_MAX, world.random());
        return switch (decision) {
            case Place place -> Optional.of(world.node(place.node()));
            case Wait _, Impossible _ -> Optional.empty();
        };
    }

    /// The present of the nodes that would cost least as far as gossip tells.
    private ClusterView asked(World world, SimNode home, PlacementDecision decision) {
        return new ClusterView(
                home.id(),
                decision.offers().stream()
                        .filter(offer -> Double.isFinite(offer.cost()))
                        .sorted(Comparator.comparingDouble(Offer::cost).thenComparing(Offer::node))
                        .limit(asks)
                        .map(offer -> present(world.node(offer.node())))
                        .toList());
    }

    private static Candidate present(SimNode node) {
        return new Candidate(
                node.id(), node.vector(node.tasks() + node.arrivingCopies()), 0, 0, 0, node.arrivingBytes());
    }

    private ClusterView view(World world, SimNode home) {
        long now = world.timeline().nowNs();
        Map<NodeId, int[]> counts = new HashMap<>();
        Map<NodeId, Long> bytes = new HashMap<>();
        Map<NodeId, LoadEntry> known = knowledge.of(world, home);
        for (HomeBook.Line line : home.book().open()) {
            LoadEntry entry = line.node() == null ? null : known.get(line.node().id());
            if (entry == null) continue;
            int[] count = counts.computeIfAbsent(line.node().id(), _ -> new int[2]);
            count[0]++;
            if (now - line.placedNs() >= entry.age().toNanos() + UNSEEN_NS) continue;
            count[1]++;
            if (line.spec().tellsMemory())
                bytes.merge(line.node().id(), line.spec().bytes(), Long::sum);
        }
        List<Candidate> candidates = new ArrayList<>();
        known.forEach((node, entry) -> {
            int[] count = counts.getOrDefault(node, new int[2]);
            candidates.add(
                    new Candidate(node, entry.vector(), count[0], count[1], count[0], bytes.getOrDefault(node, 0L)));
        });
        return new ClusterView(home.id(), candidates);
    }

    @Override
    public void second(World world, SimNode node) {
        balancing.ifPresent(each -> each.second(world, node));
    }

    @Override
    public void measured(World world, World.Measured measured) {
        balancing.ifPresent(each -> each.measured(measured));
    }
}
