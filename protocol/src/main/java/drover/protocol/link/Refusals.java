package drover.protocol.link;

import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Logs why connections were refused, at most so many a second, so that a stranger cannot fill the disk with
/// log lines.
/// Thread rule: any thread.
final class Refusals {
    private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);
    private static final int LINES_PER_SECOND = 10;

    private long second = Long.MIN_VALUE;
    private int lines;
    private long untold;

    void log(String who, String reason) {
        long skipped;
        synchronized (this) {
            long now = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime());
            if (now != second) {
                second = now;
                lines = 0;
            }
            if (++lines > LINES_PER_SECOND) {
                untold++;
                return;
            }
            skipped = untold;
            untold = 0;
        }
        LOG.warn("refused {}: {}", who, reason);
        if (skipped > 0) LOG.warn("and {} more refusals were not logged", skipped);
    }
}
