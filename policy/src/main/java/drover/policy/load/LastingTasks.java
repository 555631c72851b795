package drover.policy.load;

import java.util.Arrays;

/// Tasks that have been there for a while: the fewest of the last four looks, one a second. A start or a restore has
/// more of
/// them for a moment. Not thread-safe.
public final class LastingTasks {
    private static final int LOOKS = 4;
    private final double[] looks = new double[LOOKS];
    private int next;

    /// Before the first look.
    public LastingTasks() {}

    /// One more look; how many tasks are lasting by now.
    public double with(double tasks) {
        if (!(tasks >= 0)) throw new IllegalArgumentException("tasks must be >= 0, got " + tasks);
        looks[next] = tasks;
        next = (next + 1) % LOOKS;
        return Arrays.stream(looks).min().orElseThrow();
    }
}
