package drover.simulator.world;

import java.util.Comparator;
import java.util.PriorityQueue;

/// Simulated time, and what will happen in it. Events of one moment happen in the order they were planned.
public final class Timeline {
    /// Nanoseconds of a second.
    public static final long SECOND = 1_000_000_000L;

    private record Event(long atNs, long order, Runnable action) {}

    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::atNs).thenComparingLong(Event::order));
    private long nowNs;
    private long planned;

    /// Begins at 0, with nothing planned.
    public Timeline() {}

    public long nowNs() {
        return nowNs;
    }

    public double nowSeconds() {
        return nowNs / (double) SECOND;
    }

    public void at(long atNs, Runnable action) {
        if (atNs < nowNs) throw new IllegalArgumentException("must not be in the past, got " + atNs);
        events.add(new Event(atNs, planned++, action));
    }

    public void after(long delayNs, Runnable action) {
        at(nowNs + delayNs, action);
    }

    /// Each `periodNs` from `firstNs` on, for ever.
    public void every(long firstNs, long periodNs, Runnable action) {
        at(firstNs, () -> {
            action.run();
            every(nowNs + periodNs, periodNs, action);
        });
    }

    /// Lets the next thing happen, unless it is later than `untilNs`. False if there was none.
    public boolean step(long untilNs) {
        Event next = events.peek();
        if (next == null || next.atNs() > untilNs) return false;
        events.poll();
        nowNs = next.atNs();
        next.action().run();
        return true;
    }

    /// Events that have been planned since the beginning.
    public long planned() {
        return planned;
    }

    public static long nanos(double seconds) {
        return Math.round(seconds * SECOND);
    }
}
