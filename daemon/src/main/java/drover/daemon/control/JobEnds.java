package drover.daemon.control;

import drover.model.ExitStatus;
import drover.model.GuestKey;
import drover.model.JobState;
import drover.model.NodeId;
import drover.model.ResourceUse;
import drover.protocol.job.JobMessage.ExitCommitted;
import drover.protocol.job.JobMessage.KillGuest;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Ends jobs: fences the guest, writes the end down, then tells deputy and node. Loop of home's jobs only.
final class JobEnds {
    private static final Logger LOG = LoggerFactory.getLogger(JobEnds.class);

    private final JobBook book;
    private final JobQueue queue;
    private final Whereabouts whereabouts;
    private final GuestNodes nodes;
    private final Runnable placeFreed;
    private final Consumer<Job> forgets;

    /// Knows how to end jobs.
    ///
    /// @param placeFreed called when a job has left its place to those that wait
    /// @param forgets called when a job ends, for those who were at something with it
    JobEnds(
            JobBook book,
            JobQueue queue,
            Whereabouts whereabouts,
            GuestNodes nodes,
            Runnable placeFreed,
            Consumer<Job> forgets) {
        this.book = book;
        this.queue = queue;
        this.whereabouts = whereabouts;
        this.nodes = nodes;
        this.placeFreed = placeFreed;
        this.forgets = forgets;
    }

    /// The first process has ended and others of the job go on.
    void linger(Job job, ExitStatus status, ResourceUse use) {
        if (job.state == JobState.LINGERING) return;
        job.state = JobState.LINGERING;
        job.exit = status;
        job.use = use;
        book.commit(job, () -> {
            if (job.deputy != null) job.deputy.ended(job.exit, true);
        });
    }

    /// The job is over, with this status.
    ///
    /// @param use what it used in all; nothing, where that was not told: then what was known before counts
    void end(Job job, ExitStatus status, ResourceUse use) {
        finish(job, JobState.EXITED);
        job.exit = status;
        job.use = use.userMicros() + use.systemMicros() == 0 ? job.use : use;
        NodeId node = job.node;
        GuestKey guest = job.guest();
        boolean deputyKilled = job.message != null;
        if (status instanceof ExitStatus.Signalled signalled) // its caller sees no more than the signal
        LOG.info("job {} ended on {} by signal {}", job.id, node, signalled.signal());
        book.commit(job, () -> {
            if (job.deputy != null) job.deputy.ended(job.exit, false);
            if (node != null) nodes.send(node, deputyKilled ? new KillGuest(guest) : new ExitCommitted(guest));
        });
        placeFreed.run();
    }

    /// The command could not be run, or not to its end.
    ///
    /// @param exitStatus what `drover run` ends with
    /// @param message what, why and what next
    void fail(Job job, int exitStatus, String message) {
        NodeId node = job.isOnNode() ? job.node : null;
        GuestKey guest = job.guest();
        finish(job, JobState.FAILED);
        job.failureStatus = exitStatus;
        job.message = message;
        LOG.info("job {} failed: {}", job.id, message);
        book.commit(job, () -> {
            if (job.deputy != null && job.accepted) job.deputy.failed(exitStatus, message);
            else if (job.deputy != null) job.deputy.refused(exitStatus, message);
            if (node != null) nodes.send(node, new KillGuest(guest));
        });
        placeFreed.run();
    }

    private void finish(Job job, JobState state) {
        whereabouts.leave(job);
        queue.remove(job);
        job.refusedBy.clear();
        job.state = state;
        forgets.accept(job);
        job.endedAt = System.currentTimeMillis() / 1e3;
        job.spec = null;
    }
}
