package drover.daemon.control;

import drover.daemon.deputy.DeputyConnection;
import drover.daemon.deputy.Peer;
import drover.model.ExitStatus;
import drover.model.JobState;
import drover.model.ResourceUse;
import drover.policy.handoff.HandoffState;
import drover.protocol.job.JobMessage.Session;
import drover.protocol.job.SessionKind;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Who stands for which job: deputies that come, come back, speak and leave. A deputy whose process was killed
/// takes its job with it; one that only lost its connection may come back. Loop of home's jobs only.
final class Deputies {
    private static final Logger LOG = LoggerFactory.getLogger(Deputies.class);
    private static final int SIGKILL = 9;
    private static final int SIGNAL_FRAME_BYTES = 6;
    private static final int SIGNAL_OFFSET = 5;
    /// While a job moves; more than that say nothing new.
    private static final int HELD_SIGNALS_MAX = 64;

    private final JobBook book;
    private final JobStarts starts;
    private final JobEnds ends;
    private final GuestNodes nodes;
    private final Map<DeputyConnection, Job> jobs = new HashMap<>();

    Deputies(JobBook book, JobStarts starts, JobEnds ends, GuestNodes nodes) {
        this.book = book;
        this.starts = starts;
        this.ends = ends;
        this.nodes = nodes;
    }

    /// A new job's deputy, which may have left already.
    void standsFor(DeputyConnection deputy, Job job) {
        take(deputy, job);
        if (!deputy.isOpen()) left(deputy);
    }

    private void take(DeputyConnection deputy, Job job) {
        job.deputy = deputy;
        job.deputyPid = deputy.peer().pid();
        job.deputyStart = deputy.peer().startTicks();
        jobs.put(deputy, job);
    }

    /// A deputy comes back after this daemon was restarted.
    void resume(DeputyConnection deputy, long number, byte[] secret) {
        Job job = book.find(number);
        if (job == null
                || !MessageDigest.isEqual(job.secret, secret)
                || job.credentials.uid() != deputy.peer().credentials().uid()) {
            deputy.refused(ExitStatus.DROVER_FAILED, "this home knows no such job (any more); see: drover ps --all");
            return;
        }
        take(deputy, job);
        job.deputyLost = false;
        job.accepted = true;
        switch (job.state) {
            case QUEUED -> starts.waitAgain(job);
            case STARTING -> {}
            case RUNNING, LINGERING -> deputy.started(job.runEpoch, job.node.name());
            case EXITED -> deputy.ended(job.exit, false);
            case FAILED -> deputy.failed(job.failureStatus, job.message);
        }
        starts.dispatch();
    }

    /// A deputy that asks again never heard of its first job: a restart came between.
    void endRepeated(Peer peer) {
        for (Job job : book.unfinished())
            if (job.deputyLost && job.deputyPid == peer.pid() && job.deputyStart == peer.startTicks()) killed(job);
    }

    /// A deputy's session frame: for the guest, or a signal to a job that has none yet.
    void session(DeputyConnection deputy, int epoch, ByteBuf frame) {
        Job job = jobs.get(deputy);
        if (job == null || (frame.isReadable() && frame.getByte(0) == SessionKind.FREEZE)) return; // home says that
        if (job.deputy == deputy && epoch == job.runEpoch && job.isOnNode())
            nodes.send(job.node, new Session(job.guest(), frame));
        else if (epoch == 0 && frame.readableBytes() >= SIGNAL_FRAME_BYTES && frame.getByte(0) == SessionKind.SIGNAL)
            signal(job, frame.getUnsignedByte(SIGNAL_OFFSET));
    }

    /// From now on, signals that this caller sends go to the job, though it is not the job's deputy.
    void forwardSignalsOf(DeputyConnection caller, Job job) {
        jobs.put(caller, job);
    }

    /// Sends a signal to a job, or takes it out of the queue.
    ///
    /// @param flagged the signal, with [Signals#TO_GROUP] if it is for the foreground group
    void signal(Job job, int flagged) {
        int signal = flagged & ~Signals.TO_GROUP;
        if (!Signals.isOne(signal)) return;
        if (job.state == JobState.QUEUED && !Signals.endsByDefault(signal)) {
            LOG.debug("job {} waits: signal {} has nobody to go to", job.id, signal);
        } else if (job.state == JobState.QUEUED || (job.state == JobState.STARTING && signal == SIGKILL)) {
            ends.end(job, new ExitStatus.Signalled(signal, false), ResourceUse.NONE);
        } else if (job.move != null && !(job.move.state instanceof HandoffState.Preparing)) {
            if (job.move.signals.size() < HELD_SIGNALS_MAX) job.move.signals.add(flagged);
        } else if (job.isOnNode()) {
            ByteBuf frame = Unpooled.buffer(SIGNAL_FRAME_BYTES)
                    .writeByte(SessionKind.SIGNAL)
                    .writeIntLE(0)
                    .writeByte(flagged);
            nodes.send(job.node, new Session(job.guest(), frame));
        }
    }

    /// A caller's connection is closed.
    void left(DeputyConnection deputy) {
        Job job = jobs.remove(deputy);
        if (job == null || job.deputy != deputy) return;
        job.deputy = null;
        job.deputyLost = true;
        if (!job.state.isFinal() && isKilled(job)) killed(job);
    }

    /// Ends jobs whose deputy left and has ended meanwhile. Call once a second.
    void endJobsOfKilled() {
        for (Job job : book.unfinished()) if (job.deputyLost && isKilled(job)) killed(job);
    }

    private static boolean isKilled(Job job) {
        return !Peer.isAlive(job.deputyPid, job.deputyStart);
    }

    private void killed(Job job) {
        if (job.state == JobState.LINGERING) {
            LOG.info("job {}: nobody takes its output any more", job.id);
            ends.end(job, job.exit, job.use);
            return;
        }
        job.message = "its deputy was killed";
        ends.end(job, new ExitStatus.Signalled(SIGKILL, false), job.use);
    }
}
