package drover.policy.balancing;

import drover.model.LoadVector;

/// What sharing a node costs its tasks: seconds for each second of work of a core of speed 1, summed over all
/// tasks on the node. With equal shares, `n` tasks on `c` cores of speed `s` each need `max(1, n / c) / s`.
///
/// The difference that one task makes is its marginal cost, to itself and to its neighbours; it grows with
/// every task, so moves from the dearer to the cheaper node end by themselves. Source of the idea: Amir et al.,
/// IEEE TPDS 11(7), 2000, doi 10.1109/71.877834. Deviation: where a job starts nothing is known of it, and their
/// exponential cost guards against the worst; a guest that runs is known, so time itself is the cost, and can be
/// compared with the time that a move takes.
final class Contention {
    private Contention() {}

    static double total(LoadVector node, double tasks) {
        return tasks * Math.max(1, tasks / node.cpus()) / node.speed();
    }

    /// What the tasks `more` add to a node that has `tasks` others.
    static double marginal(LoadVector node, double tasks, double more) {
        return total(node, tasks + more) - total(node, tasks);
    }

    /// Seconds that one task needs for a second of work among `tasks`, itself included.
    static double stretch(LoadVector node, double tasks) {
        return Math.max(1, tasks / node.cpus()) / node.speed();
    }
}
