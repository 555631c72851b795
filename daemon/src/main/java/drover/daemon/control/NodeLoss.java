package drover.daemon.control;

import drover.daemon.config.DaemonConfig;
import drover.daemon.placement.ClusterKnowledge;
import drover.model.ExitStatus;
import drover.model.JobState;
import drover.model.NodeId;
import drover.protocol.job.JobMessage.Lease;
import drover.protocol.job.JobMessage.Reconcile;
import drover.protocol.job.JobMessage.Session;
import drover.protocol.job.SessionKind;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whether the nodes that run home's guests can be reached, and what becomes of a job whose node cannot: it runs
/// again if nobody has seen anything of it, else it ends and says so. Loop of home's jobs only.
final class NodeLoss {
    private static final Logger LOG = LoggerFactory.getLogger(NodeLoss.class);
    /// How many times as long as for a lost node a home that has begun waits until it hears of anybody.
    private static final int ALONE_LONGER = 4;

    private final DaemonConfig config;
    private final ClusterKnowledge knowledge;
    private final GuestNodes nodes;
    private final LiveGuests live;
    private final HomeFiles files;
    private final JobBook book;
    private final JobStarts starts;
    private final JobEnds ends;
    private final long begunNanos = System.nanoTime();
    /// Whether this home has heard of another node since it began.
    private boolean heard;

    NodeLoss(
            DaemonConfig config,
            ClusterKnowledge knowledge,
            GuestNodes nodes,
            LiveGuests live,
            HomeFiles files,
            JobBook book,
            JobStarts starts,
            JobEnds ends) {
        this.config = config;
        this.knowledge = knowledge;
        this.nodes = nodes;
        this.live = live;
        this.files = files;
        this.book = book;
        this.starts = starts;
        this.ends = ends;
    }

    /// The links to a node are there: both sides compare what they know.
    void up(NodeId node) {
        nodes.send(node, new Reconcile(live.on(node)));
        for (Job job : book.unfinished()) {
            if (!isOn(node, job)) continue;
            job.nodeLostAtNanos = 0;
            // What was said while the link was down is said again, from the last byte that was acknowledged. A job
            // may be running before this home knows it.
            nodes.send(node, new Session(job.guest(), Unpooled.buffer(1).writeByte(SessionKind.RESYNC)));
        }
    }

    void down(NodeId node) {
        for (Job job : book.unfinished())
            if (isOn(node, job) && job.nodeLostAtNanos == 0) job.nodeLostAtNanos = System.nanoTime();
    }

    private static boolean isOn(NodeId node, Job job) {
        return node.equals(job.node) && job.isOnNode();
    }

    /// Gives up nodes that could not be reached for too long, and renews the lease of the others. Call once a
    /// second.
    void tick() {
        Set<NodeId> hosting = new HashSet<>();
        long now = System.nanoTime();
        boolean counts = mayCount(now);
        for (Job job : book.unfinished()) {
            if (!job.isOnNode()) continue;
            hosting.add(job.node);
            boolean down = knowledge.stateOf(job.node) == ClusterKnowledge.NodeState.DOWN;
            if (down && job.nodeLostAtNanos == 0) job.nodeLostAtNanos = now;
            if (!down && nodes.isUp(job.node)) job.nodeLostAtNanos = 0;
            if (!counts && job.nodeLostAtNanos != 0) job.nodeLostAtNanos = now;
            Duration patience = mayRunAgain(job) ? config.nodeLoss() : config.jobLoss();
            if (job.nodeLostAtNanos != 0 && now - job.nodeLostAtNanos > patience.toNanos())
                lost(job, job.node + " cannot be reached");
        }
        for (NodeId node : hosting) if (!files.isBehind(node)) nodes.send(node, new Lease(config.lease()));
    }

    /// A home that has just begun, and has heard of nobody yet, is more likely away itself than all others are: it
    /// counts the time from when it hears of one. Two nodes can be lost at once, so not for ever.
    private boolean mayCount(long now) {
        if (!heard)
            heard = knowledge.loads().keySet().stream().anyMatch(node -> !node.equals(config.name()))
                    || now - begunNanos > ALONE_LONGER * config.nodeLoss().toNanos();
        return heard;
    }

    private static boolean mayRunAgain(Job job) {
        return !job.effects && !job.mayRunOnOneNodeOnly();
    }

    /// The job's guest is gone, or must be taken for gone.
    ///
    /// @param why what happened to it, for the user
    void lost(Job job, String why) {
        LOG.warn("job {}: {}", job.id, why);
        if (job.state == JobState.LINGERING) {
            job.message = why;
            ends.end(job, job.exit, job.use);
        } else if (mayRunAgain(job)) {
            starts.again(job);
        } else {
            String reason = job.effects
                    ? "it had already read input, written output or files, or sent something, so it was not started again by itself"
                    : "it was to run nowhere else";
            ends.fail(
                    job,
                    ExitStatus.DROVER_FAILED,
                    "job " + job.id.number() + " ('" + job.command + "') was lost: " + why + "; " + reason
                            + ". What it wrote is there; check it, and run the command again");
        }
    }
}
