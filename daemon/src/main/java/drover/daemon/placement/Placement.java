package drover.daemon.placement;

import drover.model.LoadVector;
import drover.model.NodeId;
import drover.model.Openness;
import drover.policy.placement.ClusterView;
import drover.policy.placement.ClusterView.Candidate;
import drover.policy.placement.PlacementDecision;
import drover.policy.placement.PlacementPolicy;
import drover.policy.placement.PlacementRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/// Asks policy where a job should start. Keeps what policy cannot see in load vectors: which guests this home
/// has where, since when, and whether they use the processor. Owned by the loop of home's jobs.
public final class Placement {
    /// A guest younger than this counts as busy, whatever it used so far.
    private static final Duration UNPROVEN = Duration.ofSeconds(2);

    private static final class Placed {
        final NodeId node;
        final long sinceNanos;
        final long memoryBytes;
        boolean idle;

        Placed(NodeId node, long nowNanos, long memoryBytes) {
            this.node = node;
            this.memoryBytes = memoryBytes;
            sinceNanos = nowNanos;
        }

        boolean isBusy(long nowNanos) {
            return !idle || nowNanos - sinceNanos < UNPROVEN.toNanos();
        }
    }

    private final NodeId home;
    private final ClusterKnowledge knowledge;
    private final int guestMax;
    private final BooleanSupplier jobsStay;
    private final RandomGenerator random;
    private final Map<Long, Placed> placed = new HashMap<>();

    /// Places jobs of that home.
    ///
    /// @param guestMax guests of this home that a node holds at all
    /// @param jobsStay whether they are not to leave it
    public Placement(
            NodeId home, ClusterKnowledge knowledge, int guestMax, BooleanSupplier jobsStay, RandomGenerator random) {
        this.home = home;
        this.knowledge = knowledge;
        this.guestMax = guestMax;
        this.jobsStay = jobsStay;
        this.random = random;
    }

    /// The present as policy sees it. Making it costs a pass over nodes and guests; a burst of decisions may
    /// share one if [#placed] was not called in between.
    public ClusterView view() {
        long now = System.nanoTime();
        Map<NodeId, int[]> counts = new HashMap<>();
        Map<NodeId, long[]> memory = new HashMap<>();
        Map<NodeId, ClusterKnowledge.Seen> loads = knowledge.loads();
        for (Placed guest : placed.values()) {
            ClusterKnowledge.Seen seen = loads.get(guest.node);
            if (seen == null) continue;
            int[] count = counts.computeIfAbsent(guest.node, n -> new int[3]);
            count[0]++;
            boolean busy = guest.isBusy(now);
            if (busy) count[1]++;
            // A smoothed load shows a new task only after some seconds.
            boolean unseen = now - guest.sinceNanos < seen.age().plus(UNPROVEN).toNanos();
            if (busy && unseen) count[2]++;
            if (unseen) memory.computeIfAbsent(guest.node, n -> new long[1])[0] += guest.memoryBytes;
        }
        List<Candidate> candidates = new ArrayList<>();
        loads.forEach((node, seen) -> {
            int[] count = counts.getOrDefault(node, new int[3]);
            long[] promised = memory.getOrDefault(node, new long[1]);
            candidates.add(new Candidate(
                    node, seen.load(), count[1], count[2], count[0], promised[0], closed(node, seen.load())));
        });
        return new ClusterView(home, candidates);
    }

    private String closed(NodeId node, LoadVector load) {
        if (node.equals(home)) return load.openness() == Openness.DRAINING ? "is being drained" : "";
        if (jobsStay.getAsBoolean()) return "own jobs stay at home";
        return switch (load.openness()) {
            case OPEN -> "";
            case BLOCKED -> "takes no guests";
            case DRAINING -> "is being drained";
        };
    }

    public PlacementDecision decide(ClusterView view, PlacementRequest request) {
        return PlacementPolicy.decide(view, request, guestMax, random);
    }

    /// Whether a node that a job may use is up, though it has not told its load yet: it came a moment ago.
    ///
    /// @param allowed the nodes that the job may use; empty: any
    public boolean isOfferExpected(Set<NodeId> allowed) {
        Set<NodeId> asked = allowed.isEmpty() ? Set.of(home) : allowed;
        return asked.stream().anyMatch(node -> knowledge.stateOf(node) == ClusterKnowledge.NodeState.UP);
    }

    /// A job was given to a node.
    public void placed(long job, NodeId node, long memoryBytes) {
        placed.put(job, new Placed(node, System.nanoTime(), memoryBytes));
    }

    public void ended(long job) {
        placed.remove(job);
    }

    /// Whether a guest wants the processor, by its keeper's last word; true before the first.
    public boolean isBusy(long job) {
        Placed guest = placed.get(job);
        return guest != null && !guest.idle;
    }

    /// How long a guest has been on its node; zero for one that is not here.
    public Duration sincePlaced(long job) {
        Placed guest = placed.get(job);
        return guest == null ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - guest.sinceNanos);
    }

    /// A guest's keeper has said whether the guest wants the processor. It says so again when that changes.
    public void told(long job, boolean busy) {
        Placed guest = placed.get(job);
        if (guest != null) guest.idle = !busy;
    }
}
