package drover.daemon.control;

import drover.daemon.deputy.DeputyConnection;
import drover.model.Credentials;
import drover.model.ExitStatus;
import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.JobState;
import drover.model.NodeId;
import drover.model.ResourceUse;
import drover.policy.placement.PlacementDecision;
import drover.policy.placement.PlacementDecision.Offer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// One job as its home keeps it. Owned by the loop of home's jobs; only `effects` may be set from elsewhere.
final class Job {
    final JobId id;
    final Credentials credentials;
    final String user;
    final RunOptions options;
    final String command;
    final String directory;
    final byte[] secret;
    final double acceptedAt;
    int deputyPid;
    long deputyStart;

    JobState state = JobState.QUEUED;
    int epoch = 1;
    /// Under which this run began; a move raises the epoch, and the deputy need not know. Its streams go on.
    int runEpoch = 1;
    /// The last one that was given to a node.
    private int usedEpoch = 1;

    int moves;
    /// Set while the node before may still have the guest that it had under [#leftEpoch].
    @Nullable NodeId leftNode;

    int leftEpoch;
    /// Set while that node may have something of a guest that is to move there.
    @Nullable NodeId movingTo;

    @Nullable NodeId node;

    byte @Nullable [] spec;
    volatile boolean effects;
    double startedAt;
    double endedAt;

    @Nullable ExitStatus exit;

    int failureStatus;

    @Nullable String message;

    /// None where its home turns out to be unable to give the one that it usually gives.
    NetworkChoice network;

    @Nullable String placementReason;

    List<JobRecord.OfferRecord> offers = List.of();
    ResourceUse use = ResourceUse.NONE;
    long residentBytes;
    int processes;

    /// Whether its user wants it to stand still.
    boolean frozen;

    /// Not in the journal: where it is moving to, and why it did not move the last time.
    @Nullable JobMove move;

    @Nullable String stays;
    /// Not in the journal: from when its node was told to send it until it ran on the next, the last time; it stood
    /// still for a part of that.
    double lastMoveSeconds;

    /// Not in the journal: the last move that balancing made.
    @Nullable BalancedMove balanced;

    /// Not in the journal: who stands for the job now, which nodes refused it, and since when its node cannot be
    /// reached.
    @Nullable DeputyConnection deputy;

    final Set<NodeId> refusedBy = new HashSet<>();

    boolean accepted;
    boolean deputyLost;
    long nodeLostAtNanos;
    /// Whether the node has still to hear of changes at home before the guest may start.
    boolean awaitsFiles;
    int wanted;

    Job(
            JobId id,
            Credentials credentials,
            String user,
            RunOptions options,
            String command,
            String directory,
            byte[] spec,
            byte[] secret,
            double acceptedAt) {
        this.id = id;
        this.credentials = credentials;
        this.user = user;
        this.options = options;
        this.network = options.network();
        this.command = command;
        this.directory = directory;
        this.spec = spec;
        this.secret = secret;
        this.acceptedAt = acceptedAt;
    }

    /// The run that may have effects now.
    GuestKey guest() {
        return new GuestKey(id, epoch);
    }

    /// The next run, or the next guest of this one. No epoch is used twice, even if nothing came of it.
    GuestKey nextGuest() {
        usedEpoch = Math.max(usedEpoch, epoch) + 1;
        return new GuestKey(id, usedEpoch);
    }

    /// It begins anew, under an epoch of its own.
    void runAgain() {
        epoch = nextGuest().epoch();
        runEpoch = epoch;
        network = options.network(); // another node may be able to give it
    }

    /// Whether its caller named the only node it may use.
    boolean mayRunOnOneNodeOnly() {
        return options.nodes().size() == 1;
    }

    boolean isOnNode() {
        return switch (state) {
            case STARTING, RUNNING, LINGERING -> true;
            case QUEUED, EXITED, FAILED -> false;
        };
    }

    void decided(PlacementDecision decision) {
        offers = decision.offers().stream()
                .map(offer -> new JobRecord.OfferRecord(
                        offer.node().name(),
                        shown(offer),
                        offer.tasks(),
                        offer.speed(),
                        offer.memoryFreeBytes(),
                        offer.remark()))
                .toList();
        placementReason = switch (decision) {
            case PlacementDecision.Place place -> place.reason();
            case PlacementDecision.Wait wait -> wait.reason();
            case PlacementDecision.Impossible impossible -> impossible.reason();
        };
    }

    private static double shown(Offer offer) {
        return Double.isFinite(offer.cost()) ? offer.cost() : -1;
    }

    JobRecord toRecord() {
        int how = exit instanceof ExitStatus.Signalled ? 1 : 0;
        int code = switch (exit) {
            case null -> failureStatus;
            case ExitStatus.Exited e -> e.code();
            case ExitStatus.Signalled s -> s.signal();
        };
        return new JobRecord(
                id.number(),
                state,
                epoch,
                node == null ? null : node.name(),
                credentials.uid(),
                credentials.gid(),
                credentials.groups(),
                user,
                command,
                directory,
                options.nodes().stream().map(NodeId::name).sorted().toList(),
                options.memoryBytes(),
                options.stay(),
                options.detach(),
                network == NetworkChoice.NODE,
                network == NetworkChoice.HOME,
                options.networkNamed(),
                deputyPid,
                deputyStart,
                secret,
                state.isFinal() ? null : spec,
                effects,
                acceptedAt,
                startedAt,
                endedAt,
                how,
                code,
                exit instanceof ExitStatus.Signalled s && s.coreDumped(),
                message,
                placementReason,
                offers,
                use.userMicros(),
                use.systemMicros(),
                use.maxResidentBytes(),
                runEpoch,
                moves,
                leftNode == null ? null : leftNode.name(),
                leftEpoch,
                movingTo == null ? null : movingTo.name(),
                frozen);
    }

    private static NetworkChoice networkOf(JobRecord r) {
        if (r.homeNetwork()) return NetworkChoice.HOME;
        return r.nodeNetwork() ? NetworkChoice.NODE : NetworkChoice.NONE;
    }

    /// A job as it was written, without a deputy: that one has to come back.
    static Job fromRecord(JobRecord r, NodeId home) {
        Set<NodeId> nodes = r.allowedNodes().stream().map(NodeId::new).collect(Collectors.toCollection(TreeSet::new));
        Job job = new Job(
                new JobId(home, r.number()),
                new Credentials(r.uid(), r.gid(), r.groups()),
                r.user(),
                new RunOptions(nodes, r.memoryBytes(), r.stay(), r.detach(), networkOf(r), r.networkNamed()),
                r.command(),
                r.directory(),
                r.spec() == null ? new byte[0] : r.spec(),
                r.secret(),
                r.acceptedAt());
        job.state = r.state();
        job.epoch = r.epoch();
        job.runEpoch = r.runEpoch() == 0 ? r.epoch() : r.runEpoch();
        job.moves = r.moves();
        job.leftNode = r.leftNode() == null ? null : new NodeId(r.leftNode());
        job.leftEpoch = r.leftEpoch();
        job.movingTo = r.movingTo() == null ? null : new NodeId(r.movingTo());
        job.node = r.node() == null ? null : new NodeId(r.node());
        job.frozen = r.frozen();
        job.deputyPid = r.deputyPid();
        job.deputyStart = r.deputyStart();
        job.effects = r.effects();
        job.startedAt = r.startedAt();
        job.endedAt = r.endedAt();
        job.message = r.message();
        job.placementReason = r.placementReason();
        job.offers = r.offers() == null ? List.of() : r.offers();
        job.use = new ResourceUse(r.userMicros(), r.systemMicros(), r.maxResidentBytes());
        job.accepted = true;
        switch (r.state()) {
            case EXITED, LINGERING ->
                job.exit = r.exitHow() == 1
                        ? new ExitStatus.Signalled(r.exitCode(), r.coreDumped())
                        : new ExitStatus.Exited(r.exitCode());
            case FAILED -> job.failureStatus = r.exitCode();
            case QUEUED, STARTING, RUNNING -> {}
        }
        return job;
    }
}
