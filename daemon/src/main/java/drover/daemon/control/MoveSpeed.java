package drover.daemon.control;

import drover.policy.balancing.BalancingLimits;
import java.time.Duration;

/// What a home's moves take: a part that any move needs, and the time for the memory. Learnt from how long its
/// moves took: small guests tell of the first, large ones of the second. Loop of home's jobs only.
final class MoveSpeed {
    /// Until the first move of some size: a link of 100 Mbit/s.
    private static final double ASSUMED_BYTES_PER_SECOND = 11e6;

    /// Below that a move's time tells of the fixed part.
    private static final long TELLING_BYTES = 8L << 20;

    /// A single move that differs by more than this factor is not believed so far.
    private static final double STRANGE = 4;

    private static final double OLD_SHARE = 0.75;
    private double bytesPerSecond = ASSUMED_BYTES_PER_SECOND;
    private double fixedSeconds = BalancingLimits.USUAL.fixedCost().toNanos() / 1e9;

    double bytesPerSecond() {
        return bytesPerSecond;
    }

    /// What a guest without memory would take.
    Duration fixed() {
        return Duration.ofNanos((long) (fixedSeconds * 1e9));
    }

    void moved(long bytes, Duration took) {
        double seconds = took.toNanos() / 1e9;
        if (!(seconds > 0)) return;
        if (bytes >= TELLING_BYTES) {
            double forMemory = Math.max(seconds - fixedSeconds, seconds / STRANGE);
            bytesPerSecond = smoothed(bytesPerSecond, bytes / forMemory);
        } else {
            double ofMemory = bytes / bytesPerSecond;
            fixedSeconds = smoothed(fixedSeconds, Math.max(seconds - ofMemory, seconds / STRANGE));
        }
    }

    private static double smoothed(double old, double came) {
        double believed = Math.clamp(came, old / STRANGE, old * STRANGE);
        return OLD_SHARE * old + (1 - OLD_SHARE) * believed;
    }
}
