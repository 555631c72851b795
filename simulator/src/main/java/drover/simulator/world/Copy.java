package drover.simulator.world;

import drover.model.NodeId;

/// A copy of a job on one node: what CRIU would restore, or the keeper has started. Mutable; owned by its node.
public final class Copy {
    /// Who lets it run.
    enum State {
        /// Not yet known to be allowed.
        WAITING,
        RUNNING,
        /// Frozen by its node's keeper, which has not heard from home for a lease.
        OVERDUE,
        /// Frozen for a move.
        MOVING,
        /// Has exited; home may not know yet.
        ENDED
    }

    final JobSpec spec;
    final int moves;
    final long arrivedNs;
    final double workAtArrival;
    final Prediction prediction; // of the move that brought it, or null
    int epoch;
    State state = State.WAITING;
    double doneSeconds; // of work, when its node last looked
    double finishAt; // in its node's count of work for each task
    long leaseUntilNs;
    boolean boundAway; // a move of it was begun

    /// What the move that brought a copy was expected to bring.
    record Prediction(double stretchHere, double stretchThere, NodeId from) {}

    Copy(JobSpec spec, int epoch, double doneSeconds, int moves, long arrivedNs, Prediction prediction) {
        this.spec = spec;
        this.epoch = epoch;
        this.doneSeconds = doneSeconds;
        workAtArrival = doneSeconds;
        this.moves = moves;
        this.arrivedNs = arrivedNs;
        this.prediction = prediction;
    }

    public JobSpec spec() {
        return spec;
    }

    public int moves() {
        return moves;
    }

    /// When it came to this node; of a moved one, when it was frozen.
    public long arrivedNs() {
        return arrivedNs;
    }
}
