package drover.daemon.control;

import drover.daemon.placement.Placement;
import drover.model.ExitStatus;
import drover.model.GuestKey;
import drover.model.JobState;
import drover.model.NodeId;
import drover.policy.placement.ClusterView;
import drover.policy.placement.PlacementDecision;
import drover.policy.placement.PlacementRequest;
import drover.protocol.job.JobMessage.KillGuest;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Queues jobs and gives them to nodes: the first time, and again under a new epoch. Loop of home's jobs only.
final class JobStarts {
    private static final Logger LOG = LoggerFactory.getLogger(JobStarts.class);

    private final Placement placement;
    private final JobQueue queue;
    private final JobBook book;
    private final Whereabouts whereabouts;
    private final GuestNodes nodes;
    private final GuestStarts guestStarts;
    private final JobEnds ends;
    private final Consumer<Job> moveEnds;
    private final Acceptance acceptance;

    /// Knows how to start jobs.
    ///
    /// @param moveEnds called when a job that may be moving is not to go on where it is
    JobStarts(
            Placement placement,
            JobQueue queue,
            JobBook book,
            Whereabouts whereabouts,
            GuestNodes nodes,
            GuestStarts guestStarts,
            JobEnds ends,
            Consumer<Job> moveEnds,
            Acceptance acceptance) {
        this.placement = placement;
        this.queue = queue;
        this.book = book;
        this.whereabouts = whereabouts;
        this.nodes = nodes;
        this.guestStarts = guestStarts;
        this.ends = ends;
        this.moveEnds = moveEnds;
        this.acceptance = acceptance;
    }

    /// Starts a new job, or has it wait.
    void submit(Job job) {
        if (!queue.mustWait(job)) place(job, placement.view());
        if (job.state == JobState.QUEUED) {
            queue.addLast(job);
            book.commit(job, () -> acceptance.tell(job));
        }
    }

    /// A job that waited when this daemon was restarted waits again.
    void waitAgain(Job job) {
        queue.addLast(job);
    }

    /// Gives waiting jobs to nodes, in order of arrival. A job that waits for particular nodes does not hold up
    /// those behind it that ask for others.
    void dispatch() {
        if (queue.isEmpty()) return;
        ClusterView[] view = {placement.view()};
        queue.dispatch(job -> {
            place(job, view[0]);
            if (job.state == JobState.QUEUED) return false;
            view[0] = placement.view();
            return true;
        });
    }

    private void place(Job job, ClusterView view) {
        PlacementRequest request = new PlacementRequest(job.options.nodes(), job.options.memoryBytes(), job.refusedBy);
        PlacementDecision decision = placement.decide(view, request);
        job.decided(decision);
        switch (decision) {
            case PlacementDecision.Place place -> start(job, place.node());
            case PlacementDecision.Wait wait -> LOG.debug("job {} waits: {}", job.id, wait.reason());
            case PlacementDecision.Impossible impossible -> {
                if (impossible.offers().isEmpty() && placement.isOfferExpected(job.options.nodes())) return;
                String what = "cannot run '" + job.command + "': " + impossible.reason() + "; see: drover nodes";
                ends.fail(job, ExitStatus.DROVER_FAILED, what);
            }
        }
    }

    private void start(Job job, NodeId node) {
        job.node = node;
        job.state = JobState.STARTING;
        job.nodeLostAtNanos = nodes.isUp(node) ? 0 : System.nanoTime();
        whereabouts.enter(job);
        GuestKey guest = job.guest();
        // the journal and the news for the node are under way at the same time; the later one starts the guest
        Runnable start = secondTime(() -> {
            if (job.state == JobState.STARTING && job.guest().equals(guest)) sendStart(job);
        });
        job.awaitsFiles = true;
        guestStarts.whenFilesAreKnown(node, () -> {
            if (job.guest().equals(guest)) job.awaitsFiles = false;
            start.run();
        });
        book.commit(job, () -> {
            acceptance.tell(job);
            start.run();
        });
    }

    private static Runnable secondTime(Runnable task) {
        int[] times = {0};
        return () -> {
            if (++times[0] == 2) task.run();
        };
    }

    /// Asks the job's node once more: it has lost, or never heard, the first time.
    void sendStart(Job job) {
        guestStarts.send(job);
    }

    /// Another run, under a new epoch, at the head of the queue.
    void again(Job job) {
        NodeId node = job.node;
        GuestKey old = job.guest();
        moveEnds.accept(job);
        whereabouts.leave(job);
        if (node != null) nodes.send(node, new KillGuest(old));
        job.runAgain();
        job.node = null;
        job.state = JobState.QUEUED;
        queue.addFirst(job);
        book.commit(job, this::dispatch);
    }
}
