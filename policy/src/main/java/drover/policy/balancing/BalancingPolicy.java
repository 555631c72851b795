package drover.policy.balancing;

import drover.model.LoadVector;
import drover.policy.balancing.BalancingDecision.Cause;
import drover.policy.balancing.BalancingDecision.Move;
import drover.policy.balancing.BalancingDecision.Stay;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// Decides once a second whether one of a node's guests should move, and where to: when and only when it pays.
///
/// For the processor. A guest that has computed for `a` seconds will compute for `a` more (the median, for
/// lifetimes with P(T > t) ~ 1/t: Harchol-Balter and Downey, ACM TOCS 15(3), 1997, doi 10.1145/263326.263344).
/// Its move is expected to save it `a (stretch here - stretch there)`, and all guests of both nodes together
/// `a (marginal cost here - marginal cost there)` ([Contention]); both must exceed what the move costs: memory
/// over bandwidth, and a fixed time. On equal nodes with `n` and `m` tasks the first is their rule `a > cost /
/// (n - m)`. Deviations: speeds and cores differ; the neighbours count too; the demand is multiplied with
/// [PredictionRecord#caution] and doubles with each move that the guest has behind it.
///
/// Against hopping. The node's own load rises slowly and others' loads fall slowly (MOSIX's two filters,
/// facts/01), a guest stays for [BalancingLimits#residency] and some times what its move costs, and moves at
/// most [BalancingLimits#movesMax] times. Against herds: among targets that are nearly as good one is drawn, and
/// the target itself is asked before anything is frozen ([#admits]), since it alone knows the present.
///
/// For memory (MOSIX's memory ushering). A node with less than its reserve free sends away the guest whose
/// leaving frees enough with the fewest bytes, whatever its age: all guests of a node that swaps crawl.
public final class BalancingPolicy {
    /// Guests looked at: those that gain the most. More would cost a node with thousands of guests its second.
    static final int CANDIDATES = 16;
    /// Relative difference in gain that is noise in the loads rather than a reason.
    static final double NEAR = 0.1;
    /// Of the time that a guest needs here a move has to save it more than this: what is less may be noise in
    /// loads and speeds, and a guest that has computed for long would multiply it. Twice as much made the
    /// simulated comparison 1 % worse.
    static final double TELLING = 0.05;
    /// Idle nodes as fast as its target that a guest leaves to newcomers if nobody competes with it here. In the
    /// simulated comparison long guests that went to the last idle fast node made all jobs after them slower.
    static final int SPARE = 2;
    /// A node is idle while fewer of its cores than this share are wanted.
    private static final double IDLE = 0.25;
    /// A stay has to be as long as this many times the cost of the next move.
    private static final int RESIDENCY_COSTS = 2;

    private record Option(Resident guest, Target target, double gainSeconds, double costSeconds) {
        double net() {
            return gainSeconds - costSeconds;
        }
    }

    private BalancingPolicy() {}

    /// Decides for one node. Pure: the same arguments give the same decision.
    public static BalancingDecision decide(BalancingView view, BalancingLimits limits, RandomGenerator random) {
        if (view.residents().isEmpty()) return new Stay("no guest is here");
        if (view.targets().isEmpty()) return new Stay("no other node is known that takes guests");
        if (view.freeBytes() < limits.reserveBytes(view.own())) {
            Optional<Move> ushered = usher(view, limits);
            if (ushered.isPresent()) return ushered.get();
        }
        return forProcessor(view, limits, random);
    }

    /// Whether a node takes a guest for the processor's sake, now that it is asked. The source's view of it was
    /// seconds old; several may have chosen it at once.
    ///
    /// @param own the target's vector of this moment, guests on their way to it included
    /// @param source the vector of the node that the guest would leave, as it was when it asked
    public static boolean admits(
            LoadVector own,
            long arrivingBytes,
            LoadVector source,
            Resident guest,
            Cause cause,
            BalancingLimits limits) {
        if (own.memoryFreeBytes() - arrivingBytes < guest.residentBytes() + limits.reserveBytes(own)) return false;
        return switch (cause) {
            case MEMORY -> true;
            case PROCESSOR -> perSecond(source, source.settledLoad(), own, own.cpuLoad(), guest) > 0;
        };
    }

    /// Why a guest may not move now, or empty.
    static String restraint(Resident guest, double costSeconds, BalancingLimits limits) {
        if (!guest.cannotMove().isEmpty()) return guest.cannotMove();
        if (guest.moves() >= limits.movesMax()) return "it has moved " + guest.moves() + " times, which is enough";
        double stay = Math.max(seconds(limits.residency()), RESIDENCY_COSTS * costSeconds);
        if (guest.moves() > 0 && seconds(guest.sinceArrival()) < stay) return "it has come a moment ago";
        return "";
    }

    private static BalancingDecision forProcessor(BalancingView view, BalancingLimits limits, RandomGenerator random) {
        List<Resident> candidates = view.residents().stream()
                .filter(guest -> guest.tasks() > 0)
                .sorted(Comparator.comparing(Resident::cpuUsed).reversed().thenComparing(Resident::job))
                .limit(CANDIDATES)
                .toList();
        if (candidates.isEmpty()) return new Stay("no guest wants the processor");
        List<Option> options = new ArrayList<>();
        for (Resident guest : candidates)
            for (Target target : view.targets())
                option(view, guest, target, limits).ifPresent(options::add);
        if (options.isEmpty()) return new Stay("no move would gain more than it costs");
        Option best = Collections.max(options, Comparator.comparingDouble(Option::net));
        double need = stretchThere(best.target(), best.guest());
        // Not all that gain nearly as much: from a node with many tasks that would be a busy one as well as an idle
        // one.
        List<Option> near = options.stream()
                .filter(option -> option.guest().equals(best.guest())
                        && option.net() >= best.net() * (1 - NEAR)
                        && stretchThere(option.target(), option.guest()) <= need * (1 + NEAR))
                .toList();
        Option chosen = near.get(random.nextInt(near.size()));
        String reason = String.format(
                Locale.ROOT,
                "%s has %.1f tasks at speed %.2f, %s %.1f at %.2f; it has computed for %.1f s, and would save %.1f s for %.1f s",
                view.node(),
                view.tasks(),
                view.own().speed(),
                chosen.target().node(),
                chosen.target().tasks(),
                chosen.target().entry().vector().speed(),
                seconds(chosen.guest().cpuUsed()),
                chosen.gainSeconds(),
                chosen.costSeconds());
        return move(view, chosen, Cause.PROCESSOR, reason);
    }

    private static Optional<Option> option(BalancingView view, Resident guest, Target target, BalancingLimits limits) {
        if (!hasRoom(target, guest, limits)) return Optional.empty();
        double cost = costSeconds(guest, target, limits);
        if (!restraint(guest, cost, limits).isEmpty()) return Optional.empty();
        LoadVector there = target.entry().vector();
        double age = seconds(guest.cpuUsed());
        double gain = age * perSecond(view.own(), view.tasks(), there, target.tasks(), guest);
        double stretchHere = stretchHere(view, guest);
        double stretchThere = stretchThere(target, guest);
        if (stretchThere >= stretchHere * (1 - TELLING)) return Optional.empty();
        double ownGain = age * (stretchHere - stretchThere);
        double demand = cost * view.record().caution() * (1L << guest.moves());
        if (Math.min(gain, ownGain) <= demand) return Optional.empty();
        if (view.tasks() <= view.own().cpus() && spareNodes(view, target) < SPARE) return Optional.empty();
        return Optional.of(new Option(guest, target, gain, cost));
    }

    private static boolean hasRoom(Target target, Resident guest, BalancingLimits limits) {
        return target.freeBytes()
                >= guest.residentBytes() + limits.reserveBytes(target.entry().vector());
    }

    /// Idle nodes as fast as the target, beside it.
    private static long spareNodes(BalancingView view, Target target) {
        return view.targets().stream()
                .filter(other -> !other.node().equals(target.node()))
                .filter(other -> other.entry().vector().speed()
                        >= target.entry().vector().speed())
                .filter(other -> other.tasks() < other.entry().vector().cpus() * IDLE)
                .count();
    }

    /// What all guests of both nodes save for each second that the guest computes.
    private static double perSecond(
            LoadVector here, double tasksHere, LoadVector there, double tasksThere, Resident guest) {
        double others = Math.max(0, tasksHere - guest.tasks());
        return Contention.marginal(here, others, guest.tasks()) - Contention.marginal(there, tasksThere, guest.tasks());
    }

    /// The guest whose leaving frees enough with the fewest bytes; if none does, the largest that fits elsewhere.
    private static Optional<Move> usher(BalancingView view, BalancingLimits limits) {
        long missing = limits.reserveBytes(view.own()) - view.freeBytes();
        List<Option> options = new ArrayList<>();
        for (Resident guest : view.residents()) {
            if (guest.residentBytes() == 0) continue;
            for (Target target : view.targets()) {
                double cost = costSeconds(guest, target, limits);
                if (hasRoom(target, guest, limits)
                        && restraint(guest, cost, limits).isEmpty()) options.add(new Option(guest, target, cost, cost));
            }
        }
        Comparator<Option> fewestBytes =
                Comparator.comparingLong(option -> option.guest().residentBytes());
        Comparator<Option> cheapest = Comparator.<Option>comparingDouble(option -> Contention.marginal(
                        option.target().entry().vector(),
                        option.target().tasks(),
                        option.guest().tasks()))
                .thenComparing(option -> option.target().node());
        Optional<Option> enough = options.stream()
                .filter(option -> option.guest().residentBytes() >= missing)
                .min(fewestBytes.thenComparing(cheapest));
        return enough.or(() -> options.stream().min(fewestBytes.reversed().thenComparing(cheapest)))
                .map(option -> move(
                        view,
                        option,
                        Cause.MEMORY,
                        view.node() + " has " + (Math.max(0, view.freeBytes()) >> 20) + " MiB of memory left, "
                                + option.target().node() + " "
                                + (option.target().freeBytes() >> 20) + " MiB"));
    }

    private static Move move(BalancingView view, Option option, Cause cause, String reason) {
        Target target = option.target();
        return new Move(
                option.guest().job(),
                target.node(),
                cause,
                duration(option.gainSeconds()),
                duration(option.costSeconds()),
                stretchHere(view, option.guest()),
                stretchThere(target, option.guest()),
                reason);
    }

    private static double stretchHere(BalancingView view, Resident guest) {
        return Contention.stretch(view.own(), Math.max(view.tasks(), guest.tasks()));
    }

    private static double stretchThere(Target target, Resident guest) {
        return Contention.stretch(target.entry().vector(), target.tasks() + guest.tasks());
    }

    private static double costSeconds(Resident guest, Target target, BalancingLimits limits) {
        return seconds(limits.fixedCost()) + guest.residentBytes() / target.bytesPerSecond();
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    private static Duration duration(double seconds) {
        return Duration.ofNanos(Math.round(Math.min(seconds, 1e9) * 1e9));
    }
}
