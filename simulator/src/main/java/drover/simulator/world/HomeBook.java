package drover.simulator.world;

import drover.model.JobId;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.TreeMap;

/// A home's journal: outlives a crash, and decides which copy of a job may run.
public final class HomeBook {
    private static final double MARGIN_SECONDS = 0.5; // beyond the lease, before a lost guest is rerun

    /// A job's line in the journal.
    public static final class Line {
        final JobSpec spec;
        SimNode node; // null: waits
        int epoch;
        int moves;
        int reruns;
        long answeredNs; // when a guest last got a lease
        long placedNs;
        long endedNs = -1;

        Line(JobSpec spec) {
            this.spec = spec;
        }

        public JobSpec spec() {
            return spec;
        }

        /// Where it runs; null while it waits.
        public SimNode node() {
            return node;
        }

        public long placedNs() {
            return placedNs;
        }

        public int moves() {
            return moves;
        }

        public int reruns() {
            return reruns;
        }

        /// -1 before the end.
        public long endedNs() {
            return endedNs;
        }
    }

    private final World world;
    private final SimNode home;
    private final TreeMap<JobId, Line> open = new TreeMap<>();
    private final Deque<Line> waiting = new ArrayDeque<>();

    HomeBook(World world, SimNode home) {
        this.world = world;
        this.home = home;
    }

    /// Jobs that have not ended.
    public Collection<Line> open() {
        return Collections.unmodifiableCollection(open.values());
    }

    Line open(JobId job) {
        return open.get(job);
    }

    void add(Line line) {
        open.put(line.spec.job(), line);
        waiting.add(line);
        startWaiting();
    }

    /// In the order of arrival; who finds no place lets nobody pass.
    void startWaiting() {
        while (!waiting.isEmpty()) {
            Line line = waiting.peek();
            var place = world.contender().place(world, home, line.spec);
            if (place.isEmpty()) return;
            waiting.poll();
            start(line, place.get());
        }
    }

    private void start(Line line, SimNode node) {
        line.node = node;
        line.epoch++;
        line.placedNs = world.timeline().nowNs();
        line.answeredNs = line.placedNs;
        int epoch = line.epoch;
        int moves = line.moves; // a rerun gives no new ones: they are counted in a job's life
        world.network().send(home, node, 1000, () -> world.handoff().start(node, line.spec, epoch, moves));
    }

    void end(Line line) {
        line.endedNs = world.timeline().nowNs();
        open.remove(line.spec.job());
        world.ended(line);
        startWaiting();
    }

    void afterRestart() {
        for (Line line : open.values()) line.answeredNs = world.timeline().nowNs();
    }

    /// Reruns what has not been heard of for a lease: its guest is dead, or frozen by its keeper.
    void second() {
        if (world.settings().leases()) {
            long limit = Timeline.nanos(world.settings().leaseSeconds() + MARGIN_SECONDS);
            for (Line line : open.values()) {
                if (line.node == null || world.timeline().nowNs() - line.answeredNs <= limit) continue;
                line.node = null;
                line.reruns++;
                waiting.addFirst(line);
            }
        }
        startWaiting();
    }
}
