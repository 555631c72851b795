package drover.daemon.control;

import drover.daemon.placement.Placement;
import drover.model.ExitStatus;
import drover.model.GuestKey;
import drover.model.JobState;
import drover.model.NodeId;
import drover.model.Printable;
import drover.model.ResourceUse;
import drover.protocol.WireException;
import drover.protocol.job.GuestReport;
import drover.protocol.job.JobMessage;
import drover.protocol.job.JobMessage.EndGuest;
import drover.protocol.job.JobMessage.ExitCommitted;
import drover.protocol.job.JobMessage.GuestDead;
import drover.protocol.job.JobMessage.GuestFailed;
import drover.protocol.job.JobMessage.GuestReady;
import drover.protocol.job.JobMessage.GuestRestored;
import drover.protocol.job.JobMessage.GuestStarted;
import drover.protocol.job.JobMessage.GuestStays;
import drover.protocol.job.JobMessage.KeepGuest;
import drover.protocol.job.JobMessage.KillGuest;
import drover.protocol.job.JobMessage.Lease;
import drover.protocol.job.JobMessage.Missing;
import drover.protocol.job.JobMessage.PrepareGuest;
import drover.protocol.job.JobMessage.Reconcile;
import drover.protocol.job.JobMessage.ResumeGuest;
import drover.protocol.job.JobMessage.SendGuest;
import drover.protocol.job.JobMessage.Session;
import drover.protocol.job.JobMessage.StartGuest;
import drover.protocol.job.SessionKind;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Follows guests by what their nodes say of them. A node is believed only about the present run of a job that
/// was given to it; a guest of a former epoch is told to end. Loop of home's jobs only.
final class GuestReports {
    private static final Logger LOG = LoggerFactory.getLogger(GuestReports.class);
    /// After this many nodes refused a job, the next refusal is its end.
    private static final int REFUSALS_MAX = 3;
    /// A node's words for the user, in one line.
    private static final int REASON_MAX_CHARS = 1000;

    private final JobBook book;
    private final GuestNodes nodes;
    private final Placement placement;
    private final JobStarts starts;
    private final JobEnds ends;
    private final NodeLoss nodeLoss;
    private final HomeMoves moves;
    private final Standstill standstill;

    GuestReports(
            JobBook book,
            GuestNodes nodes,
            Placement placement,
            JobStarts starts,
            JobEnds ends,
            NodeLoss nodeLoss,
            HomeMoves moves,
            Standstill standstill) {
        this.book = book;
        this.nodes = nodes;
        this.placement = placement;
        this.starts = starts;
        this.ends = ends;
        this.nodeLoss = nodeLoss;
        this.moves = moves;
        this.standstill = standstill;
    }

    /// What a node says.
    void message(NodeId node, JobMessage message) {
        switch (message) {
            case Session session -> session(node, session.guest(), session.frame());
            case GuestStarted started -> started(node, started.guest());
            case GuestFailed failed -> failed(node, failed);
            case Missing missing -> missing(node, missing.guests());
            case GuestReady ready -> moves.ready(node, ready.guest());
            case GuestRestored restored -> moves.restored(node, restored.guest());
            case GuestStays stays -> stays(node, stays);
            case GuestDead dead -> moves.dead(node, dead.guest());
            case PrepareGuest m -> LOG.warn("{} says as a node what only a home says: {}", node, m);
            case SendGuest m -> LOG.warn("{} says as a node what only a home says: {}", node, m);
            case KeepGuest m -> LOG.warn("{} says as a node what only a home says: {}", node, m);
            case EndGuest m -> LOG.warn("{} says as a node what only a home says: {}", node, m);
            case ResumeGuest m -> LOG.warn("{} says as a node what only a home says: {}", node, m);
            case StartGuest m -> LOG.warn("{} says as a node what only a home says: {}", node, m.guest());
            case KillGuest m -> LOG.warn("{} says as a node what only a home says: {}", node, m);
            case ExitCommitted m -> LOG.warn("{} says as a node what only a home says: {}", node, m);
            case Lease m -> LOG.warn("{} says as a node what only a home says: {}", node, m);
            case Reconcile m -> LOG.warn("{} says as a node what only a home says: {}", node, m);
        }
    }

    /// The job, if this guest is its present run on that node.
    private @Nullable Job current(NodeId node, GuestKey guest) {
        Job job = book.find(guest.job());
        return job != null && job.isOnNode() && job.epoch == guest.epoch() && node.equals(job.node) ? job : null;
    }

    private void started(NodeId node, GuestKey guest) {
        Job job = current(node, guest);
        if (job == null) {
            nodes.send(node, new KillGuest(guest));
            return;
        }
        moves.runs(job);
        if (job.state != JobState.STARTING) return;
        job.state = JobState.RUNNING;
        job.startedAt = System.currentTimeMillis() / 1e3;
        book.writeSoon(job);
        if (job.deputy != null) job.deputy.started(job.runEpoch, node.name());
        standstill.remind(job);
    }

    private void stays(NodeId node, GuestStays stays) {
        if (!moves.stays(node, stays.guest(), stays.reason())) return;
        Job job = current(node, stays.guest());
        if (job != null)
            nodeLoss.lost(job, node + " could not go on with it: " + Printable.line(stays.reason(), REASON_MAX_CHARS));
    }

    private void failed(NodeId node, GuestFailed failed) {
        Job job = current(node, failed.guest());
        if (job == null) { // of a guest that was to come from another node: its packets cannot travel
            var _ = moves.stays(node, failed.guest(), failed.reason());
            return;
        }
        String reason = Printable.line(failed.reason(), REASON_MAX_CHARS);
        if (job.state != JobState.STARTING) { // it ran: whoever says now that it did not cannot have it run twice
            nodeLoss.lost(job, node + " ended it: " + reason);
            return;
        }
        job.refusedBy.add(node);
        boolean commandsFault = failed.exitStatus() != ExitStatus.DROVER_FAILED;
        if (commandsFault || job.mayRunOnOneNodeOnly() || job.refusedBy.size() > REFUSALS_MAX) {
            ends.fail(job, failed.exitStatus(), reason);
        } else {
            LOG.info("job {}: {} does not take it: {}", job.id, node, reason);
            starts.again(job);
        }
    }

    private void session(NodeId node, GuestKey guest, ByteBuf frame) {
        Job job = current(node, guest);
        if (job == null || !frame.isReadable()) return;
        int kind = frame.getByte(frame.readerIndex());
        try {
            switch (kind) {
                case SessionKind.EXITED, SessionKind.GONE, SessionKind.USAGE -> report(job, GuestReport.parse(frame));
                case SessionKind.FROZEN -> standstill.told(job, frame.getByte(frame.readerIndex() + 1) != 0);
                default -> {
                    if (kind == SessionKind.DATA || (kind == SessionKind.ACK && frame.getLongLE(2) > 0))
                        job.effects = true;
                    if (job.deputy != null) job.deputy.session(job.runEpoch, frame);
                }
            }
        } catch (WireException | IndexOutOfBoundsException e) {
            LOG.warn("job {}: {} sent a bad session frame: {}", job.id, node, e.getMessage());
        }
    }

    private void report(Job job, GuestReport report) {
        switch (report) {
            case GuestReport.Usage usage -> {
                job.use = new ResourceUse(
                        usage.use().userMicros(),
                        usage.use().systemMicros(),
                        Math.max(job.use.maxResidentBytes(), usage.use().maxResidentBytes()));
                job.residentBytes = usage.use().maxResidentBytes();
                job.processes = usage.processes();
                placement.told(job.id.number(), usage.busy());
            }
            case GuestReport.Exited exited -> {
                if (exited.gone()) ends.end(job, exited.status(), exited.use());
                else ends.linger(job, exited.status(), exited.use());
            }
            case GuestReport.Gone gone ->
                ends.end(job, job.exit == null ? new ExitStatus.Exited(0) : job.exit, gone.use());
        }
    }

    private void missing(NodeId node, List<GuestKey> guests) {
        for (GuestKey guest : guests) {
            Job job = current(node, guest);
            if (job == null) continue;
            // one that this daemon found in the journal may have run already: that it ran is written down late
            if (job.state == JobState.STARTING && !job.effects) starts.sendStart(job);
            else nodeLoss.lost(job, node + " was restarted");
        }
    }
}
