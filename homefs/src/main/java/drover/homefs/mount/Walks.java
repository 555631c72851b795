package drover.homefs.mount;

import drover.protocol.file.Bytes;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The directories that guests went through lately. Any thread.
final class Walks {
    private static final int MOST = 256;
    /// In all directories: some 100 bytes each, and as much again while they are foreseen.
    private static final int MOST_NAMES = 65_536;

    private final Map<Long, Walk> walks = new LinkedHashMap<>(16, 0.75f, true);

    synchronized Walk of(long directory) {
        Walk walk = walks.computeIfAbsent(directory, id -> new Walk());
        if (walks.size() > MOST) removeEldest();
        return walk;
    }

    void listed(long directory, boolean begins, List<Bytes> part) {
        of(directory).listed(begins, part);
        synchronized (this) {
            int names = walks.values().stream().mapToInt(Walk::size).sum();
            while (names > MOST_NAMES && walks.size() > 1) names -= removeEldest();
        }
    }

    private int removeEldest() {
        Iterator<Walk> eldest = walks.values().iterator();
        int names = eldest.next().forgetNames();
        eldest.remove();
        return names;
    }

    synchronized void forgetUnused(long beforeNanos) {
        walks.values().removeIf(walk -> walk.usedNanos() - beforeNanos < 0);
    }

    /// In all directories.
    synchronized int names() {
        return walks.values().stream().mapToInt(Walk::size).sum();
    }

    synchronized boolean isEmpty() {
        return walks.isEmpty();
    }
}
