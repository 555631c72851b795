package drover.daemon.control;

import drover.daemon.placement.ClusterKnowledge;
import drover.model.NodeId;
import drover.model.ResourceUse;
import drover.policy.balancing.BalancingDecision;
import drover.policy.balancing.PredictionRecord;
import java.time.Duration;
import java.util.Locale;

/// A move that balancing made: what it was to gain, and what it has gained so far. Loop of home's jobs only.
final class BalancedMove {
    private final Job job;
    private final NodeId source;
    private final BalancingDecision.Move decision;
    private final ResourceUse before;
    private final long begunNanos;
    private double speedThere = 1;
    private long nowNanos;
    private ResourceUse now;
    private boolean over;

    /// @param before what the job had used when it was decided, at `begunNanos`
    BalancedMove(Job job, NodeId source, BalancingDecision.Move decision, ResourceUse before, long begunNanos) {
        this.job = job;
        this.source = source;
        this.decision = decision;
        this.before = before;
        this.begunNanos = begunNanos;
        now = before;
        nowNanos = begunNanos;
    }

    Job job() {
        return job;
    }

    NodeId source() {
        return source;
    }

    /// Takes the job's present use, while it is where it was moved to.
    void look(ClusterKnowledge knowledge) {
        if (over) return;
        ClusterKnowledge.Seen there = knowledge.loads().get(decision.target());
        if (there != null) speedThere = there.load().speed();
        over = job.state.isFinal() || !decision.target().equals(job.node) || job.move != null;
        if (over && !decision.target().equals(job.node)) return; // what it has used since, it used elsewhere
        now = job.use;
        nowNanos = System.nanoTime();
    }

    /// Whether its guest has ended or gone on.
    boolean isOver() {
        return over;
    }

    private Duration work() {
        double seconds = (now.cpuSeconds() - before.cpuSeconds()) * speedThere;
        return Duration.ofNanos((long) (Math.max(0, seconds) * 1e9));
    }

    private Duration took() {
        return Duration.ofNanos(nowNanos - begunNanos);
    }

    PredictionRecord rate(PredictionRecord record) {
        return record.after(decision, work(), took());
    }

    /// What the move has saved the guest so far, its own time included.
    double gainedSeconds() {
        return (decision.stretchHere() * work().toNanos() - took().toNanos()) / 1e9;
    }

    /// What it was to save the guest by now, for the work that was done since.
    double predictedSeconds() {
        return (decision.stretchHere() - decision.stretchThere()) * work().toNanos() / 1e9;
    }

    /// Whether it was to gain time.
    boolean isForTime() {
        return decision.cause() == BalancingDecision.Cause.PROCESSOR;
    }

    /// For `drover why`.
    String words() {
        String moved = "it was moved from " + source + " to " + decision.target() + ", since " + decision.reason();
        return isForTime()
                ? String.format(
                        Locale.ROOT,
                        "%s; so far that was to gain %.1f s and has gained %.1f s",
                        moved,
                        predictedSeconds(),
                        gainedSeconds())
                : moved;
    }
}
