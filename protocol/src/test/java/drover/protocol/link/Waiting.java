package drover.protocol.link;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/// Waits for a condition, with a limit.
final class Waiting {
    private static final Duration LIMIT = Duration.ofSeconds(20); // the machine may be busy

    private Waiting() {}

    static void until(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) throw new AssertionError("did not happen within " + LIMIT + ": " + what);
            Thread.sleep(5);
        }
    }
}
