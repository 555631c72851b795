package drover.daemon.membership.wire;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/// Who watches whom, and when somebody is given up. Pure: time comes in, what to do goes out.
///
/// Each member tells its `WATCHED` successors in the view (a ring) that it lives, one after the other, so the cost of
/// watching does not grow with the cluster; one who misses such a word asks for it. A silent member is reported to the
/// first
/// `JUDGES` members, among them whoever will make the next view; a judge pings it once more and gives it up only
/// if that stays unanswered, so one broken path between two members costs nobody the membership. A member whose
/// own clock ran late (it was stopped, or starved of CPU) forgives others the time it missed. A member who hears
/// nobody at all watches twice as many each time: it was cut off, and soon makes a view of its own.
///
/// Not thread-safe.
final class RingWatch<A> {
    static final int WATCHED = 2;
    static final int JUDGES = 4;

    /// What to do now.
    ///
    /// @param assure whom to tell that this member lives
    /// @param ping whom to ask whether it does
    record Actions<A>(List<A> assure, List<A> ping, List<Report<A>> report, List<A> giveUp) {
        static <A> Actions<A> none() {
            return new Actions<>(List.of(), List.of(), List.of(), List.of());
        }
    }

    /// Tell `judge` that `silent` does not answer.
    record Report<A>(A judge, A silent) {}

    private final A self;
    private final long intervalNs;
    private final long silenceNs;
    private final long verificationNs;
    private List<A> members = List.of();
    private int own = -1; // this member's place among them
    private final Map<A, Long> heardNs = new HashMap<>();
    private final Map<A, Long> reportedNs = new HashMap<>();
    private final Map<A, Long> doubtedSinceNs = new HashMap<>();
    private Optional<Long> lastTickNs = Optional.empty();
    private long anybodyNs; // when somebody was heard last
    private int reach = WATCHED; // how many this member watches
    private int turn; // whose turn it is to be assured

    RingWatch(A self, long intervalMs, long silenceMs, long verificationMs) {
        this.self = self;
        this.intervalNs = TimeUnit.MILLISECONDS.toNanos(intervalMs);
        this.silenceNs = TimeUnit.MILLISECONDS.toNanos(silenceMs);
        this.verificationNs = TimeUnit.MILLISECONDS.toNanos(verificationMs);
    }

    void view(List<A> next) {
        members = List.copyOf(next);
        own = members.indexOf(self);
        Set<A> present = new HashSet<>(members);
        heardNs.keySet().retainAll(present);
        reportedNs.keySet().retainAll(present);
        doubtedSinceNs.keySet().retainAll(present);
    }

    List<A> members() {
        return members;
    }

    boolean isMember(A member) {
        return members.contains(member);
    }

    /// The members who watch this one, as long as they have not reported another.
    List<A> watchers() {
        List<A> watchers = new ArrayList<>();
        for (int ahead = 1; own >= 0 && ahead < members.size() && watchers.size() < WATCHED; ahead++)
            watchers.add(members.get((own + ahead) % members.size()));
        return watchers;
    }

    /// The members this one watches: the nearest predecessors that it has not reported.
    List<A> watched() {
        List<A> watched = new ArrayList<>();
        for (int back = 1; own >= 0 && back < members.size() && watched.size() < reach; back++) {
            A candidate = members.get(Math.floorMod(own - back, members.size()));
            if (!reportedNs.containsKey(candidate)) watched.add(candidate);
        }
        return watched;
    }

    /// Once every interval: whom to assure, whom to ask, and whom to report or give up.
    Actions<A> tick(long nowNs) {
        forgiveLateness(nowNs);
        List<Report<A>> reports = new ArrayList<>();
        List<A> watched = watched();
        for (A member : watched) {
            long heard = heardNs.computeIfAbsent(member, fresh -> nowNs);
            if (nowNs - heard > silenceNs) reports.addAll(report(member, nowNs));
        }
        List<A> again = new ArrayList<>(); // still in the view
        reportedNs.forEach((member, reported) -> {
            if (nowNs - reported > silenceNs) again.add(member);
        });
        for (A member : again) reports.addAll(report(member, nowNs));
        if (!reports.isEmpty()) {
            if (nowNs - anybodyNs > silenceNs) reach = Math.min(2 * reach, members.size());
            watched = watched();
        }
        List<A> pings = new ArrayList<>(again);
        for (A member : watched) if (nowNs - heardNs.getOrDefault(member, 0L) > missedNs()) pings.add(member);
        for (A doubted : doubtedSinceNs.keySet()) if (!pings.contains(doubted)) pings.add(doubted);
        if (heardNs.size() > watched.size()) heardNs.keySet().retainAll(new HashSet<>(watched));
        return new Actions<>(assured(), pings, reports, verdict(nowNs).giveUp());
    }

    /// One at a time: the others have their turns.
    private List<A> assured() {
        List<A> watchers = watchers();
        turn = (turn + 1) % WATCHED;
        return watchers.isEmpty() ? watchers : List.of(watchers.get(turn % watchers.size()));
    }

    /// Without a word for so long one has been missed, or is late.
    private long missedNs() {
        return WATCHED * (intervalNs + intervalNs / 2);
    }

    private void forgiveLateness(long nowNs) {
        long late = lastTickNs.map(last -> nowNs - last - intervalNs).orElse(0L);
        if (lastTickNs.isEmpty()) anybodyNs = nowNs;
        lastTickNs = Optional.of(nowNs);
        if (late <= intervalNs / 2) return;
        anybodyNs += late;
        heardNs.replaceAll((member, heard) -> heard + late);
        doubtedSinceNs.replaceAll((member, since) -> since + late);
    }

    /// A member's link broke or its machine refuses: no need to wait for its silence.
    List<Report<A>> broken(A member, long nowNs) {
        if (!isMember(member) || reportedNs.containsKey(member)) return List.of();
        return report(member, nowNs);
    }

    private List<Report<A>> report(A silent, long nowNs) {
        reportedNs.put(silent, nowNs);
        return members.stream()
                .filter(member -> !reportedNs.containsKey(member))
                .limit(JUDGES)
                .map(judge -> new Report<>(judge, silent))
                .toList();
    }

    /// This member is to judge: ping it, and ask `verdict` after the verification time. Empty if that is under way.
    Actions<A> doubt(A silent, long nowNs) {
        if (!isMember(silent) || silent.equals(self)) return Actions.none();
        if (doubtedSinceNs.putIfAbsent(silent, nowNs) != null) return Actions.none();
        return new Actions<>(List.of(), List.of(silent), List.of(), List.of());
    }

    /// Members whose time to answer is over.
    ///
    /// A verdict that comes late was held up by lack of CPU here, and the answer may be held up as well:
    /// it is put off once more, to a later tick.
    Actions<A> verdict(long nowNs) {
        if (doubtedSinceNs.isEmpty()) return Actions.none();
        doubtedSinceNs.replaceAll((member, since) -> {
            long late = nowNs - since - verificationNs;
            return late > verificationNs / 4 && late < verificationNs ? nowNs - verificationNs / 2 : since;
        });
        List<A> over = doubtedSinceNs.entrySet().stream()
                .filter(doubt -> nowNs - doubt.getValue() >= verificationNs)
                .map(Map.Entry::getKey)
                .toList();
        over.forEach(doubtedSinceNs::remove);
        return new Actions<>(List.of(), List.of(), List.of(), over);
    }

    /// The machine answers, but no process listens there: a doubted member is given up at once.
    Actions<A> refused(A member) {
        if (doubtedSinceNs.remove(member) == null) return Actions.none();
        return new Actions<>(List.of(), List.of(), List.of(), List.of(member));
    }

    /// It said that it lives. True if it was doubted.
    boolean heard(A member, long nowNs) {
        anybodyNs = nowNs;
        reach = WATCHED;
        reportedNs.remove(member);
        heardNs.computeIfPresent(member, (same, before) -> nowNs);
        return doubtedSinceNs.remove(member) != null;
    }
}
