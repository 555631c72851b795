package drover.protocol.link;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Waits for a condition, with a limit. Only time in which this process ran counts: nothing can happen while the
/// whole machine stands still. Who waits in vain is told what the links' threads were doing.
final class Waiting {
    private static final Duration LIMIT = Duration.ofSeconds(20); // the machine may be busy
    private static final long LONGEST_LOOK_NANOS = 250_000_000; // more between two looks is a standstill

    private Waiting() {}

    static void until(String what, BooleanSupplier condition) throws InterruptedException {
        until(() -> what, condition);
    }

    /// Says `what` as it is at the end.
    static void until(Supplier<String> what, BooleanSupplier condition) throws InterruptedException {
        long waited = 0;
        long longest = 0;
        long last = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (waited > LIMIT.toNanos())
                throw new AssertionError("did not happen within " + LIMIT + ": " + what.get() + "; longest standstill "
                        + longest / 1_000_000 + " ms; " + linkThreads());
            Thread.sleep(5);
            long now = System.nanoTime();
            longest = Math.max(longest, now - last);
            waited += Math.min(now - last, LONGEST_LOOK_NANOS);
            last = now;
        }
    }

    /// On one line: summaries of test runs show the first only.
    private static String linkThreads() {
        var text = new StringBuilder();
        Thread.getAllStackTraces().forEach((thread, stack) -> {
            if (!thread.getName().startsWith("link")) return;
            text.append(thread.getName()).append(' ').append(thread.getState()).append(" in");
            for (int i = 0; i < Math.min(stack.length, 12); i++)
                text.append(' ').append(stack[i].getFileName()).append(':').append(stack[i].getLineNumber());
            text.append("; ");
        });
        return text.toString();
    }
}
