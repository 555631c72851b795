package drover.policy.load;

/// What guests get of a node whose owner comes first. Immutable; one update a second.
///
/// All of a node's guests together have one weight against everything else there, so its owner's work takes what it
/// wants and leaves them the rest, down to the share that their weight is worth. Loads count tasks that share a
/// node's cores equally; such a node is therefore told with as many tasks as would leave a guest that little.
/// A node that its owner needs then looks crowded: it is given no more guests, and those it has leave when that pays.
///
/// The owner's tasks are many and short, and a look sees those of one moment. So the share is its mean over about
/// half a minute, (31 old + new) / 32: a burst of a few seconds hardly changes it, and bursts that keep coming count
/// as the part of the time that they take.
///
/// @param share of the node's cores that guests get, above 0 and at most 1
public record OwnerFirst(double share) {
    /// Against which a weight is measured: that of a group of tasks as any other.
    public static final int AS_OTHERS = 100;
    /// Before the first look.
    public static final OwnerFirst IDLE = new OwnerFirst(1);

    public OwnerFirst {
        if (!(share > 0 && share <= 1))
            throw new IllegalArgumentException("share must be above 0 and at most 1, got " + share);
    }

    /// After one more look.
    ///
    /// @param guests runnable tasks of guests
    /// @param others runnable tasks of everybody else
    /// @param weight of all guests together, 1 to 100; at 100 each task of theirs counts as one of the others
    public OwnerFirst with(double guests, double others, double cpus, int weight) {
        return new OwnerFirst((31 * share + share(guests, others, cpus, weight)) / 32);
    }

    /// With how many tasks the node is to be told, while guests have so many: those that would leave a guest, or a
    /// newcomer where there is none, what the owner leaves it.
    public double tasks(double guests) {
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
