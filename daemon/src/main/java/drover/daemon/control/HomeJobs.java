package drover.daemon.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import drover.daemon.config.DaemonConfig;
import drover.daemon.deputy.DeputyConnection;
import drover.daemon.deputy.Peer;
import drover.daemon.deputy.UserTable;
import drover.daemon.journal.Journal;
import drover.daemon.loop.Loop;
import drover.daemon.placement.ClusterKnowledge;
import drover.daemon.placement.Placement;
import drover.model.Credentials;
import drover.model.ExitStatus;
import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.JobState;
import drover.model.NodeId;
import drover.model.Printable;
import drover.model.ResourceUse;
import drover.policy.placement.ClusterView;
import drover.policy.placement.PlacementDecision;
import drover.policy.placement.PlacementRequest;
import drover.protocol.Wire;
import drover.protocol.WireException;
import drover.protocol.job.CommandSpec;
import drover.protocol.job.GuestReport;
import drover.protocol.job.JobMessage;
import drover.protocol.job.JobMessage.ExitCommitted;
import drover.protocol.job.JobMessage.GuestFailed;
import drover.protocol.job.JobMessage.GuestStarted;
import drover.protocol.job.JobMessage.KillGuest;
import drover.protocol.job.JobMessage.Lease;
import drover.protocol.job.JobMessage.Missing;
import drover.protocol.job.JobMessage.Reconcile;
import drover.protocol.job.JobMessage.Session;
import drover.protocol.job.JobMessage.StartGuest;
import drover.protocol.job.SessionKind;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Home's authority over its jobs. Takes requests, queues and places them, follows their guests, commits each
/// step to the
/// journal before anyone is told, and decides what happens when a node is lost.
///
/// Never two copies: a guest counts only under the job's present epoch, and the epoch is raised, in the journal
/// and in
/// [LiveGuests], before another node is asked.
///
/// All state is owned by one loop; public methods may be called from any thread.
public final class HomeJobs implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HomeJobs.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int FAILED_STATUS = 125;
    private static final int SIGKILL = 9;
    /// After this many nodes refused a job, the next refusal is its end.
    private static final int REFUSALS_MAX = 3;
    /// A node's words for the user, in one line.
    private static final int REASON_MAX_CHARS = 1000;

    private final DaemonConfig config;
    private final ClusterKnowledge knowledge;
    private final GuestNodes nodes;
    private final Consumer<GuestKey> filesEnd;
    private final JobLogs logs;
    private final Placement placement;
    private final LiveGuests live;
    private final JobQueue queue = new JobQueue();
    private final Map<DeputyConnection, Job> byDeputy = new ConcurrentHashMap<>();
    private final Map<Job, Set<NodeId>> refusals = new ConcurrentHashMap<>();
    /// Jobs whose last step is not on disk yet, and whether their users were told what it waits for. Loop only.
    private final Map<Job, Boolean> unwritten = new HashMap<>();
    private final SecureRandom secrets = new SecureRandom();
    private final JobBook book;
    private final Loop loop;

    /// Reads the journal; jobs that were under way are taken up again when their deputies and nodes come back.
    ///
    /// @param filesEnd told when a guest's files are to be released
    public HomeJobs(
            DaemonConfig config,
            Journal journal,
            ClusterKnowledge knowledge,
            Placement placement,
            GuestNodes nodes,
            LiveGuests live,
            Consumer<GuestKey> filesEnd,
            JobLogs logs)
            throws SQLException, IOException {
        this.config = config;
        this.knowledge = knowledge;
        this.placement = placement;
        this.nodes = nodes;
        this.live = live;
        this.filesEnd = filesEnd;
        this.logs = logs;
        book = new JobBook(config.name(), journal);
        loop = new Loop("home jobs", Duration.ofSeconds(1), this::tick);
        loop.execute(this::recover);
    }

    Loop loop() {
        return loop;
    }

    JobBook book() {
        return book;
    }

    private void recover() {
        for (Job job : book.unfinished()) {
            job.deputyLost = true;
            job.effects = true; // what it did since the last entry is not known
            if (!job.isOnNode()) continue;
            live.add(job.guest(), job.node, job);
            placement.placed(job.id.number(), job.node, job.options.memoryBytes());
            job.nodeLostAtNanos = System.nanoTime();
            nodes.connect(job.node);
        }
    }

    // ---------------------------------------------------------------- requests

    /// A deputy asks for a job. The buffer may be released when this returns.
    public void run(DeputyConnection deputy, String optionsJson, ByteBuf spec) {
        CommandSpec command = CommandSpec.peek(spec);
        byte[] bytes = new byte[spec.readableBytes()];
        spec.readBytes(bytes);
        loop.execute(() -> submit(deputy, optionsJson, command, bytes));
    }

    private void submit(DeputyConnection deputy, String optionsJson, CommandSpec command, byte[] spec) {
        Peer peer = deputy.peer();
        if (!mayRun(peer.credentials())) {
            String user = UserTable.userName(peer.credentials().uid());
            deputy.refused(
                    FAILED_STATUS,
                    user + " may not run jobs on " + config.name() + ": only root and the group '" + config.allowGroup()
                            + "' may; as root: usermod -aG " + config.allowGroup() + " " + user);
            return;
        }
        RunOptions options;
        try {
            options = RunOptions.parse(JSON.readTree(optionsJson));
        } catch (RunOptions.Refused | JsonProcessingException e) {
            deputy.refused(2, e.getMessage());
            return;
        }
        Optional<String> refusal = unusable(options);
        if (refusal.isPresent()) {
            deputy.refused(FAILED_STATUS, refusal.get());
            return;
        }
        if (queue.size() >= config.queueMax()) {
            deputy.refused(
                    FAILED_STATUS, queue.size() + " jobs wait already (queue-max); wait for some of them: drover ps");
            return;
        }
        endRepeated(peer);
        byte[] secret = new byte[16];
        secrets.nextBytes(secret);
        Job job = new Job(
                book.nextId(),
                peer.credentials(),
                UserTable.userName(peer.credentials().uid()),
                options,
                command.shown(),
                command.directory(),
                spec,
                secret,
                System.currentTimeMillis() / 1e3);
        job.deputy = deputy;
        job.deputyPid = peer.pid();
        job.deputyStart = peer.startTicks();
        book.add(job);
        byDeputy.put(deputy, job);
        if (!deputy.isOpen()) deputyClosed(deputy);
        if (!queue.mustWait(job)) place(job, placement.view());
        if (job.state == JobState.QUEUED) {
            queue.addLast(job);
            commit(job, () -> accept(job));
        }
    }

    /// Whether that user may have jobs here. Any thread.
    public boolean mayRun(Credentials caller) {
        if (caller.isRoot()) return true;
        return UserTable.groupId(config.allowGroup())
                .filter(group -> caller.gid() == group || caller.groups().contains(group))
                .isPresent();
    }

    private Optional<String> unusable(RunOptions options) {
        Set<NodeId> down = new TreeSet<>();
        for (NodeId node : options.nodes()) {
            switch (knowledge.stateOf(node)) {
                case UNKNOWN -> {
                    return Optional.of("there is no node '" + node + "' in this cluster; see: drover nodes");
                }
                case DOWN -> down.add(node);
                case UP -> {}
            }
        }
        if (!down.isEmpty() && down.size() == options.nodes().size()) {
            String names = String.join(", ", down.stream().map(NodeId::name).toList());
            return Optional.of(names + " cannot be reached now; choose another node or none, see: drover nodes");
        }
        return Optional.empty();
    }

    /// A deputy that asks again never heard of its first job: a restart came between.
    private void endRepeated(Peer peer) {
        for (Job job : book.unfinished())
            if (job.deputyLost && job.deputyPid == peer.pid() && job.deputyStart == peer.startTicks()) deputyGone(job);
    }

    private void accept(Job job) {
        if (job.accepted || job.deputy == null) return;
        job.accepted = true;
        String log = "";
        if (job.options.detach()) {
            try {
                log = logs.create(job.id, job.credentials).toString();
            } catch (IOException e) {
                fail(job, FAILED_STATUS, "cannot make a log for the detached job: " + e.getMessage());
                return;
            }
        }
        job.deputy.accepted(job.id.number(), job.secret, log);
    }

    /// A deputy comes back after this daemon was restarted.
    public void resume(DeputyConnection deputy, long number, byte[] secret) {
        loop.execute(() -> {
            Job job = number > 0 ? book.find(new JobId(config.name(), number)) : null;
            if (job == null
                    || !MessageDigest.isEqual(job.secret, secret)
                    || job.credentials.uid() != deputy.peer().credentials().uid()) {
                deputy.refused(FAILED_STATUS, "this home knows no such job (any more); see: drover ps --all");
                return;
            }
            job.deputy = deputy;
            job.deputyLost = false;
            job.accepted = true;
            job.deputyPid = deputy.peer().pid();
            job.deputyStart = deputy.peer().startTicks();
            byDeputy.put(deputy, job);
            switch (job.state) {
                case QUEUED -> queue.addLast(job);
                case STARTING -> {}
                case RUNNING, LINGERING -> deputy.started(job.epoch, job.node.name());
                case EXITED -> deputy.ended(job.exit, false);
                case FAILED -> deputy.failed(job.failureStatus, job.message);
            }
            dispatch();
        });
    }

    /// A session frame of the deputy. The buffer may be released when this returns.
    public void deputySession(DeputyConnection deputy, int epoch, ByteBuf frame) {
        ByteBuf kept = Wire.heapCopy(frame);
        loop.execute(() -> {
            Job job = byDeputy.get(deputy);
            if (job == null) return;
            if (job.deputy == deputy && epoch == job.epoch && job.isOnNode())
                nodes.send(job.node, new Session(job.guest(), kept));
            else if (epoch == 0 && kept.readableBytes() >= 6 && kept.getByte(0) == SessionKind.SIGNAL)
                signal(job, kept.getUnsignedByte(5));
        });
    }

    /// From now on, signals that this caller sends go to the job, though it is not the job's deputy. Loop only.
    void forwardSignalsOf(DeputyConnection caller, Job job) {
        byDeputy.put(caller, job);
    }

    public void deputyLeft(DeputyConnection deputy) {
        loop.execute(() -> deputyClosed(deputy));
    }

    private void deputyClosed(DeputyConnection deputy) {
        Job job = byDeputy.remove(deputy);
        if (job == null || job.deputy != deputy) return;
        job.deputy = null;
        job.deputyLost = true;
        if (!job.state.isFinal() && !Peer.isAlive(job.deputyPid, job.deputyStart)) deputyGone(job);
    }

    private void deputyGone(Job job) {
        if (job.state == JobState.LINGERING) {
            LOG.info("job {}: nobody takes its output any more", job.id);
            end(job, job.exit, job.use);
            return;
        }
        job.message = "its deputy was killed";
        end(job, new ExitStatus.Signalled(SIGKILL, false), job.use);
    }

    /// Sends a signal to a job, or takes it out of the queue. Loop only.
    ///
    /// @param flagged the signal, with [Signals#TO_GROUP] if it is for the foreground group
    void signal(Job job, int flagged) {
        int signal = flagged & ~Signals.TO_GROUP;
        if (!Signals.isOne(signal)) return;
        if (job.state == JobState.QUEUED && !Signals.endsByDefault(signal)) {
            LOG.debug("job {} waits: signal {} has nobody to go to", job.id, signal);
        } else if (job.state == JobState.QUEUED || (job.state == JobState.STARTING && signal == SIGKILL)) {
            end(job, new ExitStatus.Signalled(signal, false), ResourceUse.NONE);
        } else if (job.isOnNode()) {
            ByteBuf frame = Unpooled.buffer(6)
                    .writeByte(SessionKind.SIGNAL)
                    .writeIntLE(0)
                    .writeByte(flagged);
            nodes.send(job.node, new Session(job.guest(), frame));
        }
    }

    // ---------------------------------------------------------------- placing

    private void place(Job job, ClusterView view) {
        PlacementRequest request = new PlacementRequest(
                job.options.nodes(), job.options.memoryBytes(), refusals.getOrDefault(job, Set.of()));
        PlacementDecision decision = placement.decide(view, request);
        job.decided(decision);
        switch (decision) {
            case PlacementDecision.Place place -> {
                job.node = place.node();
                job.state = JobState.STARTING;
                job.nodeLostAtNanos = nodes.isUp(job.node) ? 0 : System.nanoTime();
                placement.placed(job.id.number(), job.node, job.options.memoryBytes());
                GuestKey guest = job.guest();
                live.add(guest, job.node, job);
                nodes.connect(job.node);
                commit(job, () -> {
                    accept(job);
                    if (job.state == JobState.STARTING && job.guest().equals(guest)) sendStart(job);
                });
            }
            case PlacementDecision.Wait wait -> LOG.debug("job {} waits: {}", job.id, wait.reason());
            case PlacementDecision.Impossible impossible -> {
                if (impossible.offers().isEmpty() && mayBeOffered(job)) return;
                String what = "cannot run '" + job.command + "': " + impossible.reason() + "; see: drover nodes";
                fail(job, FAILED_STATUS, what);
            }
        }
    }

    /// Whether a node that the job may use is up, though it has not told its load yet: it came a moment ago.
    private boolean mayBeOffered(Job job) {
        Set<NodeId> allowed = job.options.nodes().isEmpty() ? Set.of(config.name()) : job.options.nodes();
        return allowed.stream().anyMatch(node -> knowledge.stateOf(node) == ClusterKnowledge.NodeState.UP);
    }

    private void sendStart(Job job) {
        nodes.send(
                job.node,
                new StartGuest(
                        job.guest(),
                        job.credentials,
                        job.options.memoryBytes(),
                        job.options.nodeNetwork(),
                        Unpooled.wrappedBuffer(job.spec)));
    }

    /// Gives waiting jobs to nodes, in order of arrival. A job that waits for particular nodes does not hold up
    /// those
    /// behind it that ask for others.
    private void dispatch() {
        if (queue.isEmpty()) return;
        ClusterView[] view = {placement.view()};
        queue.dispatch(job -> {
            place(job, view[0]);
            if (job.state == JobState.QUEUED) return false;
            view[0] = placement.view();
            return true;
        });
    }

    // ---------------------------------------------------------------- nodes

    /// The links to a node are there.
    public void nodeUp(NodeId node) {
        loop.execute(() -> {
            nodes.send(node, new Reconcile(live.on(node)));
            for (Job job : book.unfinished()) {
                if (!node.equals(job.node) || !job.isOnNode()) continue;
                job.nodeLostAtNanos = 0;
                // What was said while the link was down is said again, from the last byte that was acknowledged.
                if (job.state != JobState.STARTING)
                    nodes.send(node, new Session(job.guest(), Unpooled.buffer(1).writeByte(SessionKind.RESYNC)));
            }
        });
    }

    public void nodeDown(NodeId node) {
        loop.execute(() -> {
            for (Job job : book.unfinished())
                if (node.equals(job.node) && job.isOnNode() && job.nodeLostAtNanos == 0)
                    job.nodeLostAtNanos = System.nanoTime();
        });
    }

    /// What a node says. Buffers in it may be released when this returns.
    public void message(NodeId node, JobMessage message) {
        switch (message) {
            case Session session -> {
                ByteBuf frame = Wire.heapCopy(session.frame());
                loop.execute(() -> guestSession(node, session.guest(), frame));
            }
            case GuestStarted started -> loop.execute(() -> guestStarted(node, started.guest()));
            case GuestFailed failed -> loop.execute(() -> guestFailed(node, failed));
            case Missing missing -> loop.execute(() -> missing(node, missing.guests()));
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

    private void guestStarted(NodeId node, GuestKey guest) {
        Job job = current(node, guest);
        if (job == null) {
            nodes.send(node, new KillGuest(guest));
            return;
        }
        if (job.state != JobState.STARTING) return;
        job.state = JobState.RUNNING;
        job.startedAt = System.currentTimeMillis() / 1e3;
        book.write(job, () -> {});
        if (job.deputy != null) job.deputy.started(job.epoch, node.name());
    }

    private void guestFailed(NodeId node, GuestFailed failed) {
        Job job = current(node, failed.guest());
        if (job == null) return;
        String reason = Printable.line(failed.reason(), REASON_MAX_CHARS);
        if (job.state != JobState.STARTING) { // it ran: whoever says now that it did not cannot have it run twice
            lost(job, node + " ended it: " + reason);
            return;
        }
        Set<NodeId> refused = refusals.computeIfAbsent(job, j -> new HashSet<>());
        refused.add(node);
        boolean commandsFault = failed.exitStatus() != FAILED_STATUS;
        if (commandsFault || job.options.nodes().size() == 1 || refused.size() > REFUSALS_MAX) {
            fail(job, failed.exitStatus(), reason);
        } else {
            LOG.info("job {}: {} does not take it: {}", job.id, node, reason);
            again(job);
        }
    }

    private void guestSession(NodeId node, GuestKey guest, ByteBuf frame) {
        Job job = current(node, guest);
        if (job == null || !frame.isReadable()) return;
        int kind = frame.getByte(frame.readerIndex());
        try {
            switch (kind) {
                case SessionKind.EXITED, SessionKind.GONE, SessionKind.USAGE -> report(job, GuestReport.parse(frame));
                default -> {
                    if (kind == SessionKind.DATA || (kind == SessionKind.ACK && frame.getLongLE(2) > 0))
                        job.effects = true;
                    if (job.deputy != null) job.deputy.session(job.epoch, frame);
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
                placement.used(job.id.number(), job.use.userMicros() + job.use.systemMicros());
            }
            case GuestReport.Exited exited -> {
                if (exited.gone()) {
                    end(job, exited.status(), exited.use());
                } else if (job.state != JobState.LINGERING) {
                    job.state = JobState.LINGERING;
                    job.exit = exited.status();
                    job.use = exited.use();
                    commit(job, () -> {
                        if (job.deputy != null) job.deputy.ended(job.exit, true);
                    });
                }
            }
            case GuestReport.Gone gone -> end(job, job.exit == null ? new ExitStatus.Exited(0) : job.exit, gone.use());
        }
    }

    private void missing(NodeId node, List<GuestKey> guests) {
        for (GuestKey guest : guests) {
            Job job = current(node, guest);
            if (job == null) continue;
            if (job.state == JobState.STARTING) sendStart(job);
            else lost(job, node + " was restarted");
        }
    }

    // ---------------------------------------------------------------- ends

    /// The guest is over: fence it, write it down, then tell.
    private void end(Job job, ExitStatus status, ResourceUse use) {
        finish(job, JobState.EXITED);
        job.exit = status;
        job.use = use.userMicros() + use.systemMicros() == 0 ? job.use : use;
        NodeId node = job.node;
        GuestKey guest = job.guest();
        boolean deputyKilled = job.message != null;
        commit(job, () -> {
            if (job.deputy != null) job.deputy.ended(job.exit, false);
            if (node != null) nodes.send(node, deputyKilled ? new KillGuest(guest) : new ExitCommitted(guest));
        });
        dispatch();
    }

    private void fail(Job job, int exitStatus, String message) {
        NodeId node = job.isOnNode() ? job.node : null;
        GuestKey guest = job.guest();
        finish(job, JobState.FAILED);
        job.failureStatus = exitStatus;
        job.message = message;
        LOG.info("job {} failed: {}", job.id, message);
        commit(job, () -> {
            if (job.deputy != null && job.accepted) job.deputy.failed(exitStatus, message);
            else if (job.deputy != null) job.deputy.refused(exitStatus, message);
            if (node != null) nodes.send(node, new KillGuest(guest));
        });
        dispatch();
    }

    private void finish(Job job, JobState state) {
        leaveNode(job);
        queue.remove(job);
        refusals.remove(job);
        job.state = state;
        job.endedAt = System.currentTimeMillis() / 1e3;
        job.spec = null;
    }

    private void leaveNode(Job job) {
        live.remove(job.guest());
        filesEnd.accept(job.guest());
        placement.ended(job.id.number());
    }

    /// The node that ran it is gone. Runs it again if nobody has seen anything of it; else it ends, and says so.
    private void lost(Job job, String why) {
        LOG.warn("job {}: {}", job.id, why);
        if (job.state == JobState.LINGERING) {
            job.message = why;
            end(job, job.exit, job.use);
        } else if (!job.effects && !(job.options.nodes().size() == 1)) {
            again(job);
        } else {
            String reason = job.effects
                    ? "it had already read input, or written output or files, so it was not started again by itself"
                    : "it was to run nowhere else";
            fail(
                    job,
                    FAILED_STATUS,
                    "job " + job.id.number() + " ('" + job.command + "') was lost: " + why + "; " + reason
                            + ". What it wrote is there; check it, and run the command again");
        }
    }

    /// Another run, under a new epoch, at the head of the queue.
    private void again(Job job) {
        NodeId node = job.node;
        GuestKey old = job.guest();
        leaveNode(job);
        if (node != null) nodes.send(node, new KillGuest(old));
        job.epoch++;
        job.node = null;
        job.state = JobState.QUEUED;
        queue.addFirst(job);
        commit(job, this::dispatch);
    }

    private void commit(Job job, Runnable then) {
        unwritten.putIfAbsent(job, false);
        book.write(
                job,
                () -> loop.execute(() -> {
                    unwritten.remove(job);
                    then.run();
                }));
    }

    // ---------------------------------------------------------------- time

    private void tick() {
        Set<NodeId> hosting = new HashSet<>();
        long now = System.nanoTime();
        for (Job job : book.unfinished()) {
            if (job.deputyLost && !Peer.isAlive(job.deputyPid, job.deputyStart)) {
                deputyGone(job);
                continue;
            }
            if (!job.isOnNode()) continue;
            hosting.add(job.node);
            boolean down = knowledge.stateOf(job.node) == ClusterKnowledge.NodeState.DOWN;
            if (down && job.nodeLostAtNanos == 0) job.nodeLostAtNanos = now;
            if (!down && nodes.isUp(job.node)) job.nodeLostAtNanos = 0;
            if (job.nodeLostAtNanos != 0
                    && now - job.nodeLostAtNanos > config.nodeLoss().toNanos())
                lost(job, job.node + " cannot be reached");
        }
        for (NodeId node : hosting) nodes.send(node, new Lease(config.lease()));
        book.trouble().ifPresent(this::tellWhoWaits);
        placement.tick();
        dispatch();
    }

    /// Nothing is reported that is not on disk: whoever waits for that is told once why.
    private void tellWhoWaits(String trouble) {
        unwritten.replaceAll((job, told) -> {
            if (told || job.deputy == null) return told;
            job.deputy.notice(
                    "job " + job.id.number() + " waits until " + config.name() + " can write down what becomes"
                            + " of it: " + trouble + "; make room on that disk, and it goes on by itself");
            return true;
        });
    }

    @Override
    public void close() {
        loop.close();
    }
}
