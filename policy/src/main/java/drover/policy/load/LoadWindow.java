package drover.policy.load;

import drover.model.LoadVector;
import drover.model.NodeId;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
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

    /// More than are asked for at once.
    private static final int YOUNGEST_KEPT = 64;

    private record Kept(NodeId node, LoadVector vector, long bornNs) {
        static int freshestFirst(Kept a, Kept b) {
            int byBirth = Long.compare(b.bornNs, a.bornNs);
            return byBirth != 0 ? byBirth : a.node.compareTo(b.node);
        }

        boolean isOld(long nowNs) {
            return nowNs - bornNs > TELLING.toNanos();
        }
    }

    private final Map<NodeId, Kept> kept = new HashMap<>();
    /// The youngest of them, so that the few to pass on are found without a look at all of a large cluster.
    private final Youngest<Kept> youngest = new Youngest<>(YOUNGEST_KEPT, Kept::freshestFirst);

    /// An empty window.
    public LoadWindow() {}

    /// Takes a vector that is `age` old. False if a newer one of that node is known already.
    public boolean offer(NodeId node, LoadVector vector, Duration age, long nowNs) {
        if (age.isNegative()) throw new IllegalArgumentException("age must be >= 0, got " + age);
        Kept offered = new Kept(node, vector, nowNs - age.toNanos());
        Kept known = kept.get(node);
        if (known != null && !vector.isNewerThan(known.vector)) return false;
        if (known == null && kept.size() >= NODE_LIMIT && !makeRoom(offered.bornNs, nowNs)) return false;
        kept.put(node, offered);
        if (known == null) youngest.add(offered);
        else youngest.replace(known, offered, kept.values());
        return true;
    }

    /// Forgets what says nothing any more; if that is nothing, the oldest, unless all are younger than what came.
    private boolean makeRoom(long bornNs, long nowNs) {
        if (kept.values().removeIf(each -> each.isOld(nowNs))) {
            youngest.refill(kept.values());
            return true;
        }
        Kept oldest = Collections.max(kept.values(), Kept::freshestFirst);
        if (oldest.bornNs >= bornNs) return false;
        forget(oldest.node);
        return true;
    }

    /// Forgets a node.
    public void forget(NodeId node) {
        Kept known = kept.remove(node);
        if (known != null) youngest.remove(known, kept.values());
    }

    /// The entries to pass on, the freshest first.
    public SequencedMap<NodeId, LoadEntry> freshest(int count, long nowNs) {
        if (count < 0) throw new IllegalArgumentException("count must be >= 0, got " + count);
        SequencedMap<NodeId, LoadEntry> chosen = new LinkedHashMap<>();
        for (Kept each : youngest.first(count, kept.values())) {
            if (each.isOld(nowNs)) break;
            chosen.put(each.node, entryOf(each, nowNs));
        }
        return chosen;
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
