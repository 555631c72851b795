package drover.policy.load;

/// The two filters a node's load passes through.
///
/// Source: MOSIX, as kept in Kerrighed's load balancer (facts/01): the local load rises slowly, (5 old + 3 new)
/// / 8, and falls at once; the exported load rises at once and falls slowly, (7 old + new) / 8. One update a
/// second, in runnable tasks. A node is thus quick to call itself free for its own work and slow to call itself
/// free to others, which is the hysteresis that keeps guests from hopping. Deviation: loads are doubles, not
/// fixed point.
///
/// @param local what this node believes of itself. In the simulator alone: a daemon tells its settled load by
///     [LastingTasks] and [OwnerFirst]
/// @param exported what it tells others
public record LoadFilter(double local, double exported) {
    /// Before the first sample.
    public static final LoadFilter IDLE = new LoadFilter(0, 0);

    public LoadFilter {
        check("local", local);
        check("exported", exported);
    }

    /// The filters after one more sample.
    public LoadFilter with(double sample) {
        check("sample", sample);
        double nextLocal = sample > local ? (5 * local + 3 * sample) / 8 : sample;
        double nextExported = sample > exported ? sample : (7 * exported + sample) / 8;
        return new LoadFilter(nextLocal, nextExported);
    }

    private static void check(String name, double value) {
        if (!(value >= 0) || Double.isInfinite(value))
            throw new IllegalArgumentException(name + " must be >= 0 and finite, got " + value);
    }
}
