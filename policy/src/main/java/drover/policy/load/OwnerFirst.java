package drover.policy.load;

/// What guests find on a node whose owner comes first.
///
/// All of a node's guests together have one weight against everything else there, so its owner's work takes what it
/// wants and leaves them the rest, down to the share that their weight is worth. Loads count tasks that share a node's
/// cores equally; the load of such a node is therefore told as the number of equal tasks among which a guest would get
/// as little. A node that its owner needs then looks crowded: it is given no more guests, and those it has leave when
/// that pays.
public final class OwnerFirst {
    /// Against which a weight is measured: that of a group of tasks as any other.
    public static final int AS_OTHERS = 100;

    private OwnerFirst() {}

    /// Tasks that would have to share the node equally.
    ///
    /// @param guests runnable tasks of guests
    /// @param others runnable tasks of everybody else
    /// @param weight of all guests together, 1 to 100
    public static double tasks(double guests, double others, double cpus, int weight) {
        if (guests < 0 || others < 0 || !(cpus > 0))
            throw new IllegalArgumentException(
                    "tasks must be >= 0 and cpus > 0, got " + guests + ", " + others + " and " + cpus);
        if (weight < 1 || weight > AS_OTHERS)
            throw new IllegalArgumentException("weight must be 1 to " + AS_OTHERS + ", got " + weight);
        double equal = guests + others;
        if (weight == AS_OTHERS) return equal;
        double left = Math.max(cpus - others, cpus * weight / (weight + AS_OTHERS));
        double crowd = guests < 1 ? cpus / left - 1 : guests * cpus / left; // of a newcomer, or of those who are there
        return Math.max(equal, crowd);
    }
}
