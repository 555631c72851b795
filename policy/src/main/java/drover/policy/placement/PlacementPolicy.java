package drover.policy.placement;

import drover.policy.placement.ClusterView.Candidate;
import drover.policy.placement.PlacementDecision.Impossible;
import drover.policy.placement.PlacementDecision.Offer;
import drover.policy.placement.PlacementDecision.Place;
import drover.policy.placement.PlacementDecision.Wait;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;

/// Chooses the node with the least marginal cost.
///
/// Source: Amir, Awerbuch, Barak, Borgstrom, Keren: An opportunity cost approach for job assignment in a
/// scalable computing cluster, IEEE TPDS 11(7), 2000, doi 10.1109/71.877834. A resource costs `a^utilisation`,
/// so the marginal cost of a job is `a^after - a^before`, summed over CPU and memory; `a` is the number of
/// nodes. CPU has no upper bound, so its utilisation is the number of tasks over the least power of two that is
/// at least the largest number of tasks of any node; a task on a node of speed s counts 1/(s * cores).
///
/// Deviations: among costs within [#NEAR] of the least one, home wins (no network), else one is drawn at
/// random, so that several homes that see the same idle node do not all flood it. A node takes at most
/// [#busyLimit] busy guests of one home; further jobs wait at home, where they can still go to whichever node
/// is free first.
public final class PlacementPolicy {
    /// Relative difference in cost that is noise in the load vectors rather than a reason.
    static final double NEAR = 0.02;
    /// A node that cannot hold what the job asks, and this much for itself, is out of the question.
    private static final long MEMORY_RESERVE_BYTES = 32L << 20;

    private PlacementPolicy() {}

    /// Busy guests of one home that pay on a node: one for each core, and one more that fills the gap while
    /// another is being started or waits for its files.
    ///
    /// A share of a core gives no gap to fill: a second guest there takes from the first, by turns of whole
    /// periods of the quota (two POV-Ray strips on a tenth of a core: one got 16 of 300 ms, and gave up), and
    /// nodes idle at the end while two guests creep on one.
    public static int busyLimit(double cpus) {
        return cpus < 1 ? 1 : (int) Math.ceil(cpus) + 1;
    }

    /// Decides for one job. Pure: the same arguments give the same decision.
    ///
    /// @param guestMax guests of this home that a node holds at all, idle ones included
    public static PlacementDecision decide(
            ClusterView view, PlacementRequest request, int guestMax, RandomGenerator random) {
        double costBase = Math.max(2, view.candidates().size());
        double scale = taskScale(view);
        List<Offer> offers = new ArrayList<>();
        boolean fitsSomewhere = false;
        boolean isAnyOpen = false;
        for (Candidate candidate : view.candidates()) {
            if (!request.permits(candidate.node())) continue;
            String remark = "";
            long needed = request.memoryBytes() == 0 ? 0 : request.memoryBytes() + MEMORY_RESERVE_BYTES;
            if (needed > candidate.load().memoryTotalBytes()) {
                remark = "too little memory";
            } else {
                fitsSomewhere = true;
                if (!candidate.isOpen()) remark = candidate.closed();
                else if (needed > candidate.freeBytes()) remark = "memory in use";
                else if (candidate.allGuests() >= guestMax) remark = "as many guests as allowed";
                else if (!request.crowds()
                        && candidate.busyGuests() >= busyLimit(candidate.load().cpus()))
                    remark = "as many busy guests as pay";
                isAnyOpen |= candidate.isOpen();
            }
            double cost = remark.isEmpty()
                    ? marginalCost(candidate, request.memoryBytes(), costBase, scale)
                    : Double.POSITIVE_INFINITY;
            offers.add(new Offer(
                    candidate.node(),
                    cost,
                    candidate.tasks(),
                    candidate.load().speed(),
                    candidate.freeBytes(),
                    remark));
        }
        double least = offers.stream().mapToDouble(Offer::cost).min().orElse(Double.POSITIVE_INFINITY);
        if (Double.isFinite(least)) return place(view, offers, least, random);
        if (offers.isEmpty()) return new Impossible("no node that it may use is up", offers);
        if (!fitsSomewhere)
            return new Impossible("no node that it may use has " + (request.memoryBytes() >> 20) + " MiB", offers);
        return new Wait(
                isAnyOpen ? "every node it may use is full" : "no node that it may use takes guests now", offers);
    }

    private static Place place(ClusterView view, List<Offer> offers, double least, RandomGenerator random) {
        List<Offer> near = offers.stream()
                .filter(offer -> offer.cost() <= least * (1 + NEAR) + 1e-9)
                .toList();
        Offer chosen = near.stream()
                .filter(offer -> offer.node().equals(view.home()))
                .findFirst()
                .orElseGet(() -> near.get(random.nextInt(near.size())));
        String reason;
        if (offers.size() == 1) reason = chosen.node() + " is the only node it may use";
        else
            reason = String.format(
                    Locale.ROOT,
                    "%s costs least: %.3f with %.1f tasks at speed %.2f%s",
                    chosen.node(),
                    chosen.cost(),
                    chosen.tasks(),
                    chosen.speed(),
                    near.size() > 1 ? ", as do " + (near.size() - 1) + " others" : "");
        return new Place(chosen.node(), reason, offers);
    }

    private static double marginalCost(Candidate candidate, long memoryBytes, double base, double scale) {
        double power = candidate.load().speed() * candidate.load().cpus();
        double tasks = candidate.tasks() / power;
        double cpu = Math.pow(base, (tasks + 1 / power) / scale) - Math.pow(base, tasks / scale);
        double total = Math.max(1, candidate.load().memoryTotalBytes());
        double used = Math.min(1, 1 - candidate.freeBytes() / total);
        double memory = Math.pow(base, Math.min(1, used + memoryBytes / total)) - Math.pow(base, used);
        return cpu + memory;
    }

    /// The least power of two that is at least the largest number of tasks per unit of power, the new job included.
    private static double taskScale(ClusterView view) {
        double most = 1;
        for (Candidate c : view.candidates())
            most = Math.max(most, (c.tasks() + 1) / (c.load().speed() * c.load().cpus()));
        double scale = 1;
        while (scale < most) scale *= 2;
        return scale;
    }
}
