package drover.daemon.control;

import drover.daemon.config.DaemonConfig;
import drover.daemon.deputy.DeputyConnection;
import drover.daemon.journal.Journal;
import drover.daemon.loop.Loop;
import drover.daemon.placement.ClusterKnowledge;
import drover.daemon.placement.Placement;
import drover.model.Credentials;
import drover.model.NodeId;
import drover.policy.placement.PlacementDecision;
import drover.policy.placement.PlacementRequest;
import drover.protocol.Wire;
import drover.protocol.job.CommandSpec;
import drover.protocol.job.JobMessage;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// Home's authority over its jobs: the door through which deputies, nodes and commands reach it. What they say
/// is put on one loop, which owns all state, and given to the part whose business it is: [Admission] takes
/// requests, [JobStarts] queues and places, [GuestReports] follows guests, [NodeLoss] decides what happens when
/// a node is lost, [JobEnds] ends, [Deputies] knows who stands for which job. Each step is in the journal before
/// anyone is told.
///
/// Never two copies: a guest counts only under the job's present epoch, and the epoch is raised, in the journal
/// and in [LiveGuests], before another node is asked.
///
/// Public methods may be called from any thread.
public final class HomeJobs implements AutoCloseable {
    private final Loop loop = new Loop("home jobs");
    private final JobBook book;
    private final GuestNodes nodes;
    private final Whereabouts whereabouts;
    private final Admission admission;
    private final JobStarts starts;
    private final Deputies deputies;
    private final NodeLoss nodeLoss;
    private final GuestReports reports;
    private final HomeMoves moves;
    private final Standstill standstill;
    private final Draining draining;
    private final Balancing balancing;
    private final boolean balances;
    private final Placement placement;
    private final NodeId home;

    /// Reads the journal; jobs that were under way are taken up again when their deputies and nodes come back.
    /// Nothing happens before [#begin].
    public HomeJobs(
            DaemonConfig config,
            Journal journal,
            ClusterKnowledge knowledge,
            Placement placement,
            GuestNodes nodes,
            LiveGuests live,
            HomeFiles files,
            JobNetwork network,
            JobLogs logs)
            throws SQLException, IOException {
        this.nodes = nodes;
        book = new JobBook(config.name(), journal, loop);
        this.placement = placement;
        home = config.name();
        JobQueue queue = new JobQueue();
        whereabouts = new Whereabouts(live, placement, nodes, files, network);
        admission = new Admission(config, knowledge, network, queue, book);
        JobEnds ends = new JobEnds(book, queue, whereabouts, nodes, this::dispatch, this::forget);
        standstill = new Standstill(book, nodes);
        GuestStarts guestStarts = new GuestStarts(nodes, files, network, book::writeSoon, config.lease(), loop);
        Movability movability = new Movability(knowledge, nodes, files);
        moves = new HomeMoves(config.lease(), knowledge, nodes, files, whereabouts, book, guestStarts, movability);
        starts = new JobStarts(
                placement,
                queue,
                book,
                whereabouts,
                nodes,
                guestStarts,
                ends,
                moves::forget,
                new Acceptance(logs, ends));
        deputies = new Deputies(book, starts, ends, nodes);
        nodeLoss = new NodeLoss(config, knowledge, nodes, live, files, book, starts, ends);
        reports = new GuestReports(book, nodes, placement, starts, ends, nodeLoss, moves, standstill);
        moves.connectSignals(deputies::signal);
        draining = new Draining(home, knowledge, placement, book, moves);
        balancing = new Balancing(knowledge, placement, book, moves, new SecureRandom());
        balances = config.balance();
        for (Job job : book.unfinished()) recover(job, files);
    }

    private void recover(Job job, HomeFiles files) {
        job.deputyLost = true;
        job.effects = true; // what it did since the last entry is not known
        if (!job.isOnNode()) return;
        files.expect(job.node);
        whereabouts.know(job);
        job.nodeLostAtNanos = System.nanoTime();
    }

    /// Connects to the nodes that have guests from before, takes up moves that were under way, and starts. Call once,
    /// when nodes can be dialled.
    public void begin() {
        for (Job job : book.unfinished()) {
            if (!job.isOnNode()) continue;
            nodes.connect(job.node);
            moves.recover(job);
        }
        loop.start(Duration.ofSeconds(1), this::tick, () -> !book.isIdle());
    }

    Loop loop() {
        return loop;
    }

    JobBook book() {
        return book;
    }

    private void forget(Job job) {
        moves.forget(job);
        standstill.forget(job);
    }

    private void dispatch() {
        starts.dispatch();
    }

    private void tick() {
        deputies.endJobsOfKilled();
        nodeLoss.tick();
        moves.tick();
        draining.tick();
        if (balances) balancing.tick();
        book.tellWhoWaits();
        starts.dispatch();
    }

    // ---------------------------------------------------------------- what deputies and commands say

    /// Whether that user may have jobs here. Any thread.
    public boolean mayRun(Credentials caller) {
        return admission.mayRun(caller);
    }

    /// A deputy asks for a job. The buffer may be released when this returns.
    public void run(DeputyConnection deputy, String optionsJson, ByteBuf spec) {
        CommandSpec command = CommandSpec.peek(spec);
        byte[] bytes = new byte[spec.readableBytes()];
        spec.readBytes(bytes);
        loop.execute(() -> submit(deputy, optionsJson, command, bytes));
    }

    private void submit(DeputyConnection deputy, String optionsJson, CommandSpec command, byte[] spec) {
        switch (admission.ask(deputy.peer(), optionsJson, command, spec)) {
            case Admission.Refused refused -> deputy.refused(refused.exitStatus(), refused.message());
            case Admission.Admitted admitted -> {
                Job job = admitted.job();
                deputies.endRepeated(deputy.peer());
                book.add(job);
                deputies.standsFor(deputy, job);
                if (!job.state.isFinal()) starts.submit(job); // its deputy may have been killed meanwhile
            }
        }
    }

    /// A deputy comes back after this daemon was restarted.
    public void resume(DeputyConnection deputy, long number, byte[] secret) {
        loop.execute(() -> deputies.resume(deputy, number, secret));
    }

    /// A session frame of the deputy. The buffer may be released when this returns.
    public void deputySession(DeputyConnection deputy, int epoch, ByteBuf frame) {
        ByteBuf kept = Wire.heapCopy(frame);
        loop.execute(() -> deputies.session(deputy, epoch, kept));
    }

    public void deputyLeft(DeputyConnection deputy) {
        loop.execute(() -> deputies.left(deputy));
    }

    /// From now on, signals that this caller sends go to the job, though it is not the job's deputy. Loop only.
    void forwardSignalsOf(DeputyConnection caller, Job job) {
        deputies.forwardSignalsOf(caller, job);
    }

    /// Sends a signal to a job, or takes it out of the queue. Loop only.
    void signal(Job job, int signal) {
        deputies.signal(job, signal);
    }

    /// Where a job had best move, of the nodes it may use; empty if it had best stay. Loop only.
    Optional<NodeId> bestFor(Job job) {
        Set<NodeId> excluded = job.node == null ? Set.of() : Set.of(job.node);
        PlacementRequest request = new PlacementRequest(job.options.nodes(), job.options.memoryBytes(), excluded);
        return placement.decide(placement.view(), request) instanceof PlacementDecision.Place place
                ? Optional.of(place.node())
                : Optional.empty();
    }

    /// Moves running jobs. Loop only.
    HomeMoves moves() {
        return moves;
    }

    /// Has jobs stand still, and go on. Loop only.
    Standstill standstill() {
        return standstill;
    }

    // ---------------------------------------------------------------- what nodes say

    /// The links to a node are there.
    public void nodeUp(NodeId node) {
        loop.execute(() -> {
            nodeLoss.up(node);
            moves.up(node);
            standstill.up(node);
        });
    }

    public void nodeDown(NodeId node) {
        loop.execute(() -> {
            nodeLoss.down(node);
            moves.down(node);
        });
    }

    /// What a node says. Buffers in it may be released when this returns.
    public void message(NodeId node, JobMessage message) {
        JobMessage kept = message instanceof JobMessage.Session session
                ? new JobMessage.Session(session.guest(), Wire.heapCopy(session.frame()))
                : message;
        loop.execute(() -> reports.message(node, kept));
    }

    @Override
    public void close() {
        loop.close();
    }
}
