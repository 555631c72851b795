package drover.policy.load;

/// How old entries get when each node sends, each step, its freshest `window` entries (its own included) to one
/// random node of the `nodes`. Ages are in steps.
///
/// Source: the model of infod's libgossip/gossiplib.c (facts/01; Amar, Barak, Drezner, Okun: Randomized gossip
/// algorithms for maintaining a distributed bulletin board, 2009). X(t), the number of entries of age at most t
/// that a node has, grows from its own one: X(t+1) = X(t) + min(X(t), window) (1 - X(t)/N) N/(N-1). While X is
/// below the window everything known travels, and X nearly doubles; later only `window` entries do. Deviation:
/// the recurrence is iterated instead of solved, and the oldest entry is expected where a Poisson count of
/// still older ones, with mean N - X(t), is not zero. Checked against a simulation: the maximum within 5 %, the
/// average, which ignores the luck of being called twice in a step, at most half a step too high.
public final class WindowAge {
    private static final double ALL_BUT = 1e-6; // entries missing when the recurrence ends
    private static final int STEP_LIMIT = 1_000_000; // far beyond any sensible window

    private WindowAge() {}

    /// Mean age over all entries of a node's view.
    public static double average(int nodes, int window) {
        check(nodes, window);
        double sum = 0;
        double known = 1;
        for (int step = 0; nodes - known > ALL_BUT && step < STEP_LIMIT; step++) {
            sum += 1 - known / nodes;
            known = next(known, nodes, window);
        }
        return sum;
    }

    /// Expected age of the oldest entry of a node's view.
    public static double maximum(int nodes, int window) {
        check(nodes, window);
        double sum = 0;
        double known = 1;
        for (int step = 0; nodes - known > ALL_BUT && step < STEP_LIMIT; step++) {
            sum += 1 - Math.exp(known - nodes);
            known = next(known, nodes, window);
        }
        return sum;
    }

    private static double next(double known, double nodes, int window) {
        return Math.min(nodes, known + Math.min(known, window) * (1 - known / nodes) * nodes / (nodes - 1));
    }

    private static void check(int nodes, int window) {
        if (nodes < 1) throw new IllegalArgumentException("nodes must be >= 1, got " + nodes);
        if (window < 1) throw new IllegalArgumentException("window must be >= 1, got " + window);
    }
}
