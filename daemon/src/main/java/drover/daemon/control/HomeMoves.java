package drover.daemon.control;

import drover.daemon.placement.ClusterKnowledge;
import drover.model.GuestKey;
import drover.model.JobState;
import drover.model.NodeId;
import drover.model.Printable;
import drover.policy.handoff.Handoff;
import drover.policy.handoff.HandoffAction;
import drover.policy.handoff.HandoffEvent;
import drover.policy.handoff.HandoffState;
import drover.protocol.job.JobMessage.EndGuest;
import drover.protocol.job.JobMessage.KeepGuest;
import drover.protocol.job.JobMessage.KillGuest;
import drover.protocol.job.JobMessage.Lease;
import drover.protocol.job.JobMessage.PrepareGuest;
import drover.protocol.job.JobMessage.ResumeGuest;
import drover.protocol.job.JobMessage.SendGuest;
import drover.protocol.job.JobMessage.Session;
import drover.protocol.job.SessionKind;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Moves running jobs from node to node: drives [Handoff] with what nodes say, and does what it says. The
/// journal's row is the switch: before it the job stays on its node whatever fails, after it the move is
/// finished. Loop of home's jobs only.
final class HomeMoves {
    private static final Logger LOG = LoggerFactory.getLogger(HomeMoves.class);
    /// A target that is not ready by then is given up; nothing is held yet.
    private static final Duration PREPARE_LIMIT = Duration.ofSeconds(30);
    /// Held, dumped, sent and restored by then, or it stays: 4 GiB over 100 Mbit/s.
    private static final Duration SEND_LIMIT = Duration.ofSeconds(400);
    /// Beyond the lease, for clocks that do not run alike.
    private static final Duration LEASE_MARGIN = Duration.ofSeconds(2);

    private static final int REASON_MAX_CHARS = 500;

    private final Duration lease;
    private final ClusterKnowledge knowledge;
    private final GuestNodes nodes;
    private final HomeFiles files;
    private final Whereabouts whereabouts;
    private final JobBook book;
    private final GuestStarts starts;
    private final Movability movability;

    HomeMoves(
            Duration lease,
            ClusterKnowledge knowledge,
            GuestNodes nodes,
            HomeFiles files,
            Whereabouts whereabouts,
            JobBook book,
            GuestStarts starts,
            Movability movability) {
        this.lease = lease;
        this.knowledge = knowledge;
        this.nodes = nodes;
        this.files = files;
        this.whereabouts = whereabouts;
        this.book = book;
        this.starts = starts;
        this.movability = movability;
    }

    Movability movability() {
        return movability;
    }

    /// Moves a job, if nothing is known against it.
    ///
    /// @param asked hears why it stays, or, with nothing, that it has moved
    void begin(Job job, NodeId target, Consumer<Optional<String>> asked) {
        Optional<String> objection = movability.objection(job, target);
        if (objection.isPresent()) {
            asked.accept(objection);
            return;
        }
        GuestKey to = job.nextGuest();
        Handoff.Step step = Handoff.begin();
        job.move = new JobMove(job.node, target, job.guest(), to, step.state(), asked);
        job.stays = null;
        job.movingTo = target;
        book.writeSoon(job);
        LOG.info("job {} is to move from {} to {} as {}", job.id, job.node, target, to);
        enter(job, step);
    }

    /// A job whose move an earlier daemon had written down, and may not have finished.
    void recover(Job job) {
        if (job.movingTo != null) nodes.connect(job.movingTo); // it hears then what lives, and ends the rest
        job.movingTo = null;
        if (job.leftNode == null) return;
        GuestKey from = new GuestKey(job.id, job.leftEpoch);
        Handoff.Step step = Handoff.recovered();
        job.move = new JobMove(job.leftNode, job.node, from, job.guest(), step.state(), _ -> {});
        nodes.connect(job.leftNode);
        enter(job, step);
    }

    private void on(Job job, HandoffEvent event) {
        if (job.move != null) enter(job, Handoff.next(job.move.state, event));
    }

    private void enter(Job job, Handoff.Step step) {
        JobMove move = job.move;
        if (!step.state().equals(move.state)) {
            move.state = step.state();
            LOG.info("job {}: {}, may run on {}", job.id, move.state, who(move));
        }
        if (!step.actions().isEmpty() && move.sinceNanos == 0) move.sinceNanos = System.nanoTime();
        for (HandoffAction action : step.actions()) perform(job, move, action);
    }

    private static Object who(JobMove move) {
        return switch (move.state.runner()) {
            case SOURCE -> move.source;
            case TARGET -> move.target;
            case NOBODY -> "neither";
        };
    }

    private void perform(Job job, JobMove move, HandoffAction action) {
        switch (action) {
            case HandoffAction.PrepareTarget _ -> {
                whereabouts.restoring(job, move);
                prepareTarget(job, move);
            }
            case HandoffAction.SendFromSource _ -> {
                move.sentNanos = System.nanoTime();
                move.sinceNanos = move.sentNanos;
                nodes.send(move.source, new SendGuest(move.from, move.to, move.target));
            }
            case HandoffAction.WriteRow _ -> writeRow(job, move);
            case HandoffAction.EndSource _ -> {
                whereabouts.moved(job, move);
                nodes.send(move.source, new EndGuest(move.from));
            }
            case HandoffAction.ResumeTarget _ -> nodes.send(move.target, new ResumeGuest(move.to));
            case HandoffAction.KeepOnSource _ -> nodes.send(move.source, new KeepGuest(move.from));
            case HandoffAction.ForgetOnTarget _ -> {
                whereabouts.notRestored(move);
                nodes.send(move.target, new KillGuest(move.to));
            }
            case HandoffAction.ReportMoved _ -> {
                job.leftNode = null;
                if (move.sentNanos != 0) job.lastMoveSeconds = (System.nanoTime() - move.sentNanos) / 1e9;
                job.placementReason = "it was moved there from " + move.source;
                nodes.send(move.target, new Session(move.to, Unpooled.buffer(1).writeByte(SessionKind.RESYNC)));
                over(job, Optional.empty());
            }
            case HandoffAction.ReportStays stays -> {
                job.stays = "to " + move.target + ": " + stays.reason();
                over(job, Optional.of(stays.reason()));
            }
        }
    }

    private void prepareTarget(Job job, JobMove move) {
        nodes.connect(move.target);
        if (move.prepared || !nodes.isUp(move.target)) return; // when it is up, it is asked
        move.prepared = true;
        if (!nodes.canMoveGuests(move.target)) {
            on(job, new HandoffEvent.Failed(move.target + " has an older Drover that takes no moving jobs"));
            return;
        }
        starts.whenFilesAreKnown(
                move.target,
                () -> starts.whenNetworkIsReady(job, move.target, move.to, () -> {
                    if (job.move != move) return;
                    nodes.send(move.target, new Lease(lease));
                    nodes.send(
                            move.target,
                            new PrepareGuest(move.to, move.source, job.credentials, starts.networkOf(job)));
                }));
    }

    private void writeRow(Job job, JobMove move) {
        job.epoch = move.to.epoch();
        job.node = move.target;
        job.leftNode = move.source;
        job.leftEpoch = move.from.epoch();
        job.moves++;
        book.commit(job, () -> {
            if (job.move == move) on(job, new HandoffEvent.RowWritten());
        });
    }

    private void over(Job job, Optional<String> stays) {
        JobMove move = job.move;
        job.move = null;
        job.movingTo = null;
        book.writeSoon(job);
        LOG.info("job {} {}", job.id, stays.map(why -> "stays: " + why).orElse("has moved to " + move.target));
        move.asked.accept(stays);
        for (int signal : move.signals) signals.accept(job, signal);
    }

    private BiConsumer<Job, Integer> signals = (_, _) -> {};

    /// Says who sends on the signals that came during a move.
    void connectSignals(BiConsumer<Job, Integer> sender) {
        signals = sender;
    }

    // ---------------------------------------------------------------- what nodes say

    private interface Heard {
        void of(Job job, JobMove move);
    }

    private void hear(GuestKey guest, NodeId node, Heard heard) {
        Job job = book.find(guest.job());
        if (job == null || job.move == null) return;
        JobMove move = job.move;
        boolean ofTarget = move.to.equals(guest) && move.target.equals(node);
        boolean ofSource = move.from.equals(guest) && move.source.equals(node);
        if (ofTarget || ofSource) heard.of(job, move);
    }

    void ready(NodeId node, GuestKey guest) {
        hear(guest, node, (job, move) -> {
            if (move.to.equals(guest)) on(job, new HandoffEvent.TargetReady());
        });
    }

    void restored(NodeId node, GuestKey guest) {
        hear(guest, node, (job, move) -> {
            if (!move.to.equals(guest)) return;
            if (files.carryLocks(move.from, move.to)) on(job, new HandoffEvent.TargetRestored());
            else on(job, new HandoffEvent.Failed("its locks on files could not be taken along"));
        });
    }

    /// A node says that it has not sent, or not made, the guest. True if the move had to be finished: then it
    /// is lost.
    boolean stays(NodeId node, GuestKey guest, String reason) {
        boolean[] lost = {false};
        hear(guest, node, (job, move) -> {
            lost[0] = move.state.mustBeFinished() && move.to.equals(guest);
            on(job, new HandoffEvent.Failed(Printable.line(reason, REASON_MAX_CHARS)));
        });
        return lost[0];
    }

    void dead(NodeId node, GuestKey guest) {
        hear(guest, node, (job, move) -> {
            if (move.from.equals(guest)) on(job, new HandoffEvent.SourceDead());
        });
    }

    /// The job's present guest runs on its node.
    void runs(Job job) {
        on(job, new HandoffEvent.TargetRuns());
    }

    void up(NodeId node) {
        for (Job job : book.unfinished()) {
            JobMove move = job.move;
            if (move == null) continue;
            if (move.state instanceof HandoffState.Preparing && move.target.equals(node)) prepareTarget(job, move);
            on(job, new HandoffEvent.SayAgain());
        }
    }

    void down(NodeId node) {
        for (Job job : book.unfinished()) {
            JobMove move = job.move;
            if (move == null || !(move.source.equals(node) || (move.target.equals(node) && move.prepared))) continue;
            on(job, new HandoffEvent.Failed("the link to " + node + " broke"));
        }
    }

    /// Gives up what takes too long, and says again what has to be done. Call once a second.
    void tick() {
        long now = System.nanoTime();
        for (Job job : book.unfinished()) {
            JobMove move = job.move;
            if (move == null) continue;
            look(job, move, now);
            on(job, new HandoffEvent.SayAgain());
        }
    }

    private void look(Job job, JobMove move, long now) {
        if (move.state.mustBeFinished()) {
            if (nodes.isUp(move.source)) move.sourceLostAtNanos = 0;
            else if (move.sourceLostAtNanos == 0) move.sourceLostAtNanos = now;
            else if (now - move.sourceLostAtNanos > lease.plus(LEASE_MARGIN).toNanos())
                on(job, new HandoffEvent.SourceDead()); // its keeper has frozen the guest, and home ended its epoch
            return;
        }
        if (!files.isBehind(move.target)) nodes.send(move.target, new Lease(lease));
        Duration limit = move.state instanceof HandoffState.Preparing ? PREPARE_LIMIT : SEND_LIMIT;
        if (now - move.sinceNanos > limit.toNanos())
            on(job, new HandoffEvent.Failed("it was not done within " + limit.toSeconds() + " s"));
        else if (knowledge.stateOf(move.target) == ClusterKnowledge.NodeState.DOWN)
            on(job, new HandoffEvent.Failed(move.target + " is down"));
    }

    /// The job ends, or runs again elsewhere: nothing of its guests may go on, on either node.
    void forget(Job job) {
        JobMove move = job.move;
        if (move == null) return;
        job.move = null;
        job.leftNode = null;
        job.movingTo = null;
        whereabouts.ended(move.from);
        whereabouts.ended(move.to);
        nodes.send(move.source, new KillGuest(move.from));
        nodes.send(move.target, new KillGuest(move.to));
        move.asked.accept(Optional.of(job.state == JobState.RUNNING ? "its node was lost" : "it ended meanwhile"));
    }
}
