package drover.simulator.world;

import java.util.Comparator;
import java.util.PriorityQueue;

/// A node's cores, shared equally: each of `n` tasks on `c` cores of speed `s` gets `s min(1, c / n)`, and a tenth
/// of that while the node's memory is over-committed (the model of facts/01). All tasks get the same, so one
/// count of work for each task says when each ends.
final class Processor {
    /// What is left of the speed when a node thrashes.
    static final double THRASHING = 0.1;

    private final NodeSpec spec;
    private final PriorityQueue<Copy> running = new PriorityQueue<>(
            Comparator.<Copy>comparingDouble(copy -> copy.finishAt).thenComparing(copy -> copy.spec.job()));
    private double workEach;
    private long settledNs;
    private double rate; // of each task, since settledNs
    private double usedSeconds;

    Processor(NodeSpec spec) {
        this.spec = spec;
    }

    int tasks() {
        return running.size();
    }

    double rate() {
        return rate;
    }

    /// Work done by all tasks, in seconds of a core of speed 1.
    double usedSeconds() {
        return usedSeconds;
    }

    void settle(long nowNs) {
        double each = rate * (nowNs - settledNs) / Timeline.SECOND;
        workEach += each;
        usedSeconds += each * running.size();
        settledNs = nowNs;
    }

    /// To be called after `settle` whenever tasks, others' tasks or memory have changed.
    void share(double otherTasks, boolean thrashing) {
        double tasks = running.size() + otherTasks;
        rate = spec.speed() * (tasks <= spec.cpus() ? 1 : spec.cpus() / tasks) * (thrashing ? THRASHING : 1);
    }

    void add(Copy copy) {
        copy.finishAt = workEach + copy.spec.workSeconds() - copy.doneSeconds;
        running.add(copy);
    }

    void remove(Copy copy) {
        if (running.remove(copy)) copy.doneSeconds = done(copy);
    }

    double done(Copy copy) {
        return running.isEmpty() || copy.state != Copy.State.RUNNING
                ? copy.doneSeconds
                : Math.max(0, copy.spec.workSeconds() - (copy.finishAt - workEach));
    }

    /// The task that ends first, if any.
    Copy first() {
        return running.peek();
    }

    /// When that one ends if nothing changes.
    long firstEndsNs() {
        double left = Math.max(0, running.element().finishAt - workEach);
        return settledNs + (long) Math.ceil(left / rate * Timeline.SECOND);
    }
}
