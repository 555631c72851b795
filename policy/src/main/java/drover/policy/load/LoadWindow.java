package drover.policy.load;

import drover.model.LoadVector;
import drover.model.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;

/// The newest load vector heard of each node, and the choice of those to pass on.
///
/// Source: MOSIX/infod's window of the freshest entries (facts/01). Ages travel instead of times, so clocks
/// need not agree. Pure: the caller brings the time, in nanoseconds of any clock that only runs forward. Not
/// thread-safe.
public final class LoadWindow {
    /// Older vectors say nothing about the present: they are shown, but no longer passed on.
    public static final Duration TELLING = Duration.ofMinutes(1);

    private static final int NODE_LIMIT = 4096; // more nodes than any cluster of this kind had; bounds the memory

    private record Kept(LoadVector vector, long bornNs) {}

    private static final Comparator<Map.Entry<NodeId, Kept>> OLDEST_FIRST =
            Comparator.<Map.Entry<NodeId, Kept>>comparingLong(
                            entry -> entry.getValue().bornNs())
                    .thenComparing(Map.Entry.<NodeId, Kept>comparingByKey().reversed());

    private final Map<NodeId, Kept> kept = new HashMap<>();

    /// An empty window.
    public LoadWindow() {}

    /// Takes a vector that is `age` old. False if a newer one of that node is known already.
    public boolean offer(NodeId node, LoadVector vector, Duration age, long nowNs) {
        if (age.isNegative()) throw new IllegalArgumentException("age must be >= 0, got " + age);
        long born = nowNs - age.toNanos();
        Kept known = kept.get(node);
        if (known != null && !vector.isNewerThan(known.vector())) return false;
        if (known == null && kept.size() >= NODE_LIMIT && !makeRoom(born, nowNs)) return false;
        kept.put(node, new Kept(vector, born));
        return true;
    }

    /// Forgets what says nothing any more; if that is nothing, the oldest, unless all are younger than what came.
    private boolean makeRoom(long bornNs, long nowNs) {
        if (kept.values().removeIf(entry -> nowNs - entry.bornNs() > TELLING.toNanos())) return true;
        Map.Entry<NodeId, Kept> oldest = Collections.min(kept.entrySet(), OLDEST_FIRST);
        if (oldest.getValue().bornNs() >= bornNs) return false;
        kept.remove(oldest.getKey());
        return true;
    }

    /// Forgets a node.
    public void forget(NodeId node) {
        kept.remove(node);
    }

    /// The entries to pass on, the freshest first.
    public SequencedMap<NodeId, LoadEntry> freshest(int count, long nowNs) {
        if (count < 0) throw new IllegalArgumentException("count must be >= 0, got " + count);
        List<Map.Entry<NodeId, Kept>> told = new ArrayList<>(kept.size());
        for (Map.Entry<NodeId, Kept> entry : kept.entrySet())
            if (nowNs - entry.getValue().bornNs() <= TELLING.toNanos()) told.add(entry);
        List<Map.Entry<NodeId, Kept>> sorted = told.size() <= count ? told : youngest(told, count);
        sorted.sort(OLDEST_FIRST.reversed());
        SequencedMap<NodeId, LoadEntry> chosen = new LinkedHashMap<>();
        sorted.forEach(entry -> chosen.put(entry.getKey(), entryOf(entry.getValue(), nowNs)));
        return chosen;
    }

    /// In no order, without sorting all of a large cluster.
    private static List<Map.Entry<NodeId, Kept>> youngest(List<Map.Entry<NodeId, Kept>> all, int count) {
        PriorityQueue<Map.Entry<NodeId, Kept>> best = new PriorityQueue<>(OLDEST_FIRST);
        for (Map.Entry<NodeId, Kept> entry : all) {
            best.add(entry);
            if (best.size() > count) best.poll();
        }
        return new ArrayList<>(best);
    }

    /// All that is known, by node.
    public SortedMap<NodeId, LoadEntry> view(long nowNs) {
        SortedMap<NodeId, LoadEntry> all = new TreeMap<>();
        kept.forEach((node, entry) -> all.put(node, entryOf(entry, nowNs)));
        return Collections.unmodifiableSortedMap(all);
    }

    private static LoadEntry entryOf(Kept entry, long nowNs) {
        return new LoadEntry(entry.vector(), Duration.ofNanos(Math.max(0, nowNs - entry.bornNs())));
    }
}
