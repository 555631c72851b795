package drover.daemon.control;

import java.time.Duration;

/// How fast a home's guests travel, from how long its moves took. Loop of home's jobs only.
final class MoveSpeed {
    /// Until the first move of some size: a link of 100 Mbit/s.
    private static final double ASSUMED = 11e6;
    /// Below that a move's time tells of the fixed part.
    private static final long TELLING_BYTES = 8L << 20;

    /// A single move that differs by more than this factor is not believed so far.
    private static final double STRANGE = 4;

    private static final double OLD_SHARE = 0.75;
    private double bytesPerSecond = ASSUMED;

    double bytesPerSecond() {
        return bytesPerSecond;
    }

    void moved(long bytes, Duration took) {
        if (bytes < TELLING_BYTES || took.isZero()) return;
        double came = bytes / (took.toNanos() / 1e9);
        double believed = Math.clamp(came, bytesPerSecond / STRANGE, bytesPerSecond * STRANGE);
        bytesPerSecond = OLD_SHARE * bytesPerSecond + (1 - OLD_SHARE) * believed;
    }
}
