package drover.simulator.world;

import java.util.random.RandomGenerator;

/// The wires. A message takes the latency and, for bulk, its bytes over the slower of both links; bulk messages of
/// a sender wait for each other. Faults lose, delay and cut.
public final class Network {
    private final Timeline timeline;
    private final RandomGenerator random;
    private final long latencyNs;
    private final long[] linkFreeNs;
    private final int[] side; // nodes of different sides do not hear each other
    private double lossShare;
    private double delaySeconds;
    private long messages;
    private long bytes;

    Network(Timeline timeline, RandomGenerator random, int nodes, long latencyNs) {
        this.timeline = timeline;
        this.random = random;
        this.latencyNs = latencyNs;
        linkFreeNs = new long[nodes];
        side = new int[nodes];
    }

    /// Loses this share of the messages from now on.
    public void lose(double share) {
        if (!(share >= 0 && share < 1)) throw new IllegalArgumentException("share must be 0 to 1, got " + share);
        lossShare = share;
    }

    /// Delays each message by up to this from now on, so that they overtake each other.
    public void delay(double seconds) {
        if (!(seconds >= 0)) throw new IllegalArgumentException("seconds must be >= 0, got " + seconds);
        delaySeconds = seconds;
    }

    /// Puts a node on a side of the partition; all are on side 0 at first.
    public void partition(int node, int onSide) {
        side[node] = onSide;
    }

    /// Whether two nodes are on the same side.
    public boolean connects(SimNode one, SimNode other) {
        return side[one.index()] == side[other.index()];
    }

    public long messages() {
        return messages;
    }

    public long bytes() {
        return bytes;
    }

    void send(SimNode from, SimNode to, long size, Runnable delivery) {
        messages++;
        bytes += size;
        if (from != to && lossShare > 0 && random.nextDouble() < lossShare) return;
        long arrives = timeline.nowNs() + (from == to ? 0 : latencyNs);
        if (size > 64 << 10 && from != to) {
            double rate = Math.min(from.spec().bytesPerSecond(), to.spec().bytesPerSecond());
            long begins = Math.max(timeline.nowNs(), linkFreeNs[from.index()]);
            linkFreeNs[from.index()] = begins + Timeline.nanos(size / rate);
            arrives = linkFreeNs[from.index()] + latencyNs;
        }
        if (from != to && delaySeconds > 0) arrives += Timeline.nanos(random.nextDouble() * delaySeconds);
        timeline.at(arrives, () -> {
            if (connects(from, to)) to.receive(delivery);
        });
    }

    /// How long a bulk message sent now would wait for those before it.
    double backlogSeconds(SimNode from) {
        return Math.max(0, linkFreeNs[from.index()] - timeline.nowNs()) / (double) Timeline.SECOND;
    }
}
