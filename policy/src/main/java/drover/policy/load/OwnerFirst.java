package drover.policy.load;

/// What guests get of a node whose owner comes first. Immutable; one update a second.
///
/// All of a node's guests together have one weight against everything else there, so its owner's work takes what it
/// wants and leaves them the rest, down to the share that their weight is worth. Loads count tasks that share a
/// node's cores equally; such a node is therefore told with as many tasks as would leave a guest that little.
/// A node that its owner needs then looks crowded: it is given no more guests, and those it has leave when that pays.
///
/// The owner's tasks are many and short, and a look sees those of one moment. So the share is kept as two means: of
/// about
/// half a minute, (31 old + new) / 32, and of two minutes, (127 old + new) / 128. A burst of a few seconds hardly
/// changes
/// them, and bursts that keep coming count as the part of the time that they take. Whoever might leave is told the
/// larger
/// share, whoever would come the smaller: where bursts make a mean wander, nobody follows it to and fro.
///
/// @param half share of the node's cores that guests get, above 0 and at most 1: mean of half a minute
/// @param two mean of two minutes
public record OwnerFirst(double half, double two) {
    /// Against which a weight is measured: that of a group of tasks as any other.
    public static final int AS_OTHERS = 100;
    /// Before the first look.
    public static final OwnerFirst IDLE = new OwnerFirst(1, 1);

    public OwnerFirst {
        check(half);
        check(two);
    }

    private static void check(double share) {
        if (!(share > 0 && share <= 1))
            throw new IllegalArgumentException("a share must be above 0 and at most 1, got " + share);
    }

    /// After one more look.
    ///
    /// @param guests runnable tasks of guests
    /// @param others runnable tasks of everybody else
    /// @param weight of all guests together, 1 to 100; at 100 each task of theirs counts as one of the others
    public OwnerFirst with(double guests, double others, double cpus, int weight) {
        double now = share(guests, others, cpus, weight);
        return new OwnerFirst((31 * half + now) / 32, (127 * two + now) / 128);
    }

    /// With how many tasks so many guests are to count the node if they might leave: those that would leave each of
    /// them what the owner leaves it.
    public double settled(double guests) {
        return tasks(guests, Math.max(half, two));
    }

    /// The same for whoever would come.
    public double exported(double guests) {
        return tasks(guests, Math.min(half, two));
    }

    /// Of a guest, or of a newcomer where there is none.
    private static double tasks(double guests, double share) {
        return Math.max(1, guests) / share - Math.max(0, 1 - guests);
    }

    /// Of that moment.
    static double share(double guests, double others, double cpus, int weight) {
        if (guests < 0 || others < 0 || !(cpus > 0))
            throw new IllegalArgumentException(
                    "tasks must be >= 0 and cpus > 0, got " + guests + ", " + others + " and " + cpus);
        if (weight < 1 || weight > AS_OTHERS)
            throw new IllegalArgumentException("weight must be 1 to " + AS_OTHERS + ", got " + weight);
        double present = Math.max(1, guests);
        double fair = weight == AS_OTHERS ? present / (present + others) : (double) weight / (weight + AS_OTHERS);
        return others == 0 ? 1 : Math.max(1 - others / cpus, fair);
    }
}
