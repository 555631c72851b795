package drover.policy.load;

/// What guests find on a node whose owner comes first. Immutable; one update a second.
///
/// All of a node's guests together have one weight against everything else there, so its owner's work takes what it
/// wants and leaves them the rest, down to the share that their weight is worth. Loads count tasks that share a
/// node's cores equally; such a node is therefore told with as many more tasks as would leave a guest that little.
/// A node that its owner needs then looks crowded: it is given no more guests, and those it has leave when that pays.
///
/// The owner's tasks are counted beside those of guests, and many are there for a moment only. So what they crowd
/// rises slowly, (15 old + new) / 16, and falls at once: a burst of a few seconds sends nobody away.
///
/// @param crowding tasks to add to those that are there
public record OwnerFirst(double crowding) {
    /// Against which a weight is measured: that of a group of tasks as any other.
    public static final int AS_OTHERS = 100;
    /// Before the first look.
    public static final OwnerFirst IDLE = new OwnerFirst(0);

    public OwnerFirst {
        if (!(crowding >= 0) || Double.isInfinite(crowding))
            throw new IllegalArgumentException("crowding must be >= 0 and finite, got " + crowding);
    }

    /// After one more look.
    ///
    /// @param guests runnable tasks of guests
    /// @param others runnable tasks of everybody else
    /// @param weight of all guests together, 1 to 100
    public OwnerFirst with(double guests, double others, double cpus, int weight) {
        double now = crowding(guests, others, cpus, weight);
        return new OwnerFirst(now > crowding ? (15 * crowding + now) / 16 : now);
    }

    /// Of that moment.
    static double crowding(double guests, double others, double cpus, int weight) {
        if (guests < 0 || others < 0 || !(cpus > 0))
            throw new IllegalArgumentException(
                    "tasks must be >= 0 and cpus > 0, got " + guests + ", " + others + " and " + cpus);
        if (weight < 1 || weight > AS_OTHERS)
            throw new IllegalArgumentException("weight must be 1 to " + AS_OTHERS + ", got " + weight);
        if (weight == AS_OTHERS || others == 0) return 0;
        double left = Math.max(cpus - others, cpus * weight / (weight + AS_OTHERS));
        double equal = guests < 1 ? cpus / left - 1 : guests * cpus / left; // of a newcomer, or of those who are there
        return Math.max(0, equal - guests - others);
    }
}
