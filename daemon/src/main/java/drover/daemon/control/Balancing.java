package drover.daemon.control;

import drover.daemon.placement.ClusterKnowledge;
import drover.daemon.placement.Placement;
import drover.model.JobId;
import drover.model.JobState;
import drover.model.LoadVector;
import drover.model.NodeId;
import drover.model.ResourceUse;
import drover.policy.balancing.BalancingDecision;
import drover.policy.balancing.BalancingLimits;
import drover.policy.balancing.BalancingPolicy;
import drover.policy.balancing.BalancingView;
import drover.policy.balancing.PredictionRecord;
import drover.policy.balancing.Resident;
import drover.policy.balancing.Target;
import drover.policy.load.LoadEntry;
import drover.policy.placement.ClusterView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Moves a home's running jobs by themselves, when [BalancingPolicy] says that it pays: for each node that has
/// some, at most one at a time. What each move was to gain is compared with what it did, and a node whose moves
/// bring less than promised moves less. Loop of home's jobs only.
///
/// Policy speaks of all guests of a node; a home knows the cause of no more of its load than its own jobs, and
/// moves only these.
final class Balancing {
    private static final Logger LOG = LoggerFactory.getLogger(Balancing.class);
    /// After a move that did not come about: the reason seldom goes away at once.
    private static final Duration NOT_AGAIN = Duration.ofMinutes(1);

    private final ClusterKnowledge knowledge;
    private final Placement placement;
    private final JobBook book;
    private final HomeMoves moves;
    private final RandomGenerator random;
    private final MoveSpeed speed = new MoveSpeed();
    private final SourceLoads loads = new SourceLoads();
    private final Map<NodeId, PredictionRecord> records = new HashMap<>();
    private final Retries retries = new Retries(NOT_AGAIN);
    private final List<BalancedMove> watched = new ArrayList<>();

    Balancing(ClusterKnowledge knowledge, Placement placement, JobBook book, HomeMoves moves, RandomGenerator random) {
        this.knowledge = knowledge;
        this.placement = placement;
        this.book = book;
        this.moves = moves;
        this.random = random;
    }

    /// Looks at each node that has guests of this home. Call once a second.
    void tick() {
        measure();
        Map<NodeId, List<Job>> running = new TreeMap<>();
        Set<NodeId> occupied = new HashSet<>();
        Set<JobId> known = new HashSet<>();
        for (Job job : book.unfinished()) {
            known.add(job.id);
            if (job.move != null) {
                occupied.add(job.move.source);
                occupied.add(job.move.target);
            }
            if (job.state == JobState.RUNNING)
                running.computeIfAbsent(job.node, node -> new ArrayList<>()).add(job);
        }
        retries.retain(known);
        Map<NodeId, ClusterKnowledge.Seen> seen = knowledge.loads();
        loads.retain(running.keySet());
        running.forEach((node, jobs) -> {
            if (!seen.containsKey(node)) return;
            // those that may go to the same nodes are looked at together
            Map<Set<NodeId>, List<Job>> alike = new HashMap<>();
            for (Job job : jobs)
                alike.computeIfAbsent(job.options.nodes(), allowed -> new ArrayList<>())
                        .add(job);
            alike.forEach((allowed, some) -> {
                if (!occupied.contains(node)) balance(node, allowed, some, seen, occupied);
            });
        });
    }

    /// @param allowed the nodes that these jobs may use; empty: any
    private void balance(
            NodeId node,
            Set<NodeId> allowed,
            List<Job> jobs,
            Map<NodeId, ClusterKnowledge.Seen> seen,
            Set<NodeId> occupied) {
        ClusterView cluster = placement.view();
        List<Target> targets = new ArrayList<>();
        for (ClusterView.Candidate other : cluster.candidates()) {
            ClusterKnowledge.Seen theirs = seen.get(other.node());
            if (theirs == null || !other.isOpen() || occupied.contains(other.node())) continue;
            if (!allowed.isEmpty() && !allowed.contains(other.node())) continue;
            if (moves.movability().objectionTo(other.node()).isPresent()) continue;
            targets.add(new Target(
                    other.node(),
                    new LoadEntry(theirs.load(), theirs.age()),
                    other.unseenGuests(),
                    other.unseenMemoryBytes(),
                    speed.bytesPerSecond()));
        }
        LoadVector own = loads.of(node, seen.get(node), System.nanoTime());
        BalancingView view = new BalancingView(
                node,
                own,
                0,
                jobs.stream()
                        .map(job -> resident(job, own.speed(), seen.get(node).age()))
                        .toList(),
                targets,
                records.getOrDefault(node, PredictionRecord.NEW));
        switch (BalancingPolicy.decide(view, BalancingLimits.USUAL.withFixedCost(speed.fixed()), random)) {
            case BalancingDecision.Stay(String reason) -> LOG.trace("{}: {}", node, reason);
            case BalancingDecision.Move move -> {
                occupied.add(node);
                occupied.add(move.target());
                jobs.stream()
                        .filter(job -> job.id.equals(move.job()))
                        .findFirst()
                        .ifPresent(job -> move(job, move));
            }
        }
    }

    /// @param age of what its node has said: where a guest has just been made, that tells of its making
    private Resident resident(Job job, double speedOfNode, Duration age) {
        Duration known = placement.sincePlaced(job.id.number()).minus(age);
        return new Resident(
                job.id,
                computed(job.use, speedOfNode),
                job.residentBytes,
                placement.isBusy(job.id.number()) ? 1 : 0,
                known.isNegative() ? Duration.ZERO : known,
                job.moves,
                restraint(job));
    }

    /// In seconds of a core of speed 1.
    private static Duration computed(ResourceUse use, double speed) {
        return Duration.ofNanos((long) ((use.userMicros() + use.systemMicros()) * 1e3 * speed));
    }

    private String restraint(Job job) {
        if (!retries.mayTry(job.id)) return "it could not be moved a while ago";
        return moves.movability().objection(job).orElse("");
    }

    private void move(Job job, BalancingDecision.Move move) {
        NodeId source = job.node;
        ResourceUse before = job.use;
        long bytes = job.residentBytes;
        long begun = System.nanoTime();
        LOG.info("job {} is moved from {} to {}: {}", job.id, source, move.target(), move.reason());
        moves.begin(job, move.target(), stays -> {
            if (stays.isPresent()) {
                retries.failed(job.id);
                return;
            }
            loads.left(source, 1, begun);
            speed.moved(bytes, Duration.ofNanos(System.nanoTime() - begun));
            retries.succeeded(job.id);
            BalancedMove made = new BalancedMove(job, source, move, before, begun);
            job.balanced = made;
            watched.add(made);
        });
    }

    /// Learns from moves whose guest has ended, or left where it came to.
    private void measure() {
        watched.removeIf(made -> {
            made.look(knowledge);
            if (!made.isOver()) return false;
            records.merge(made.source(), made.rate(PredictionRecord.NEW), (record, _) -> made.rate(record));
            LOG.info("job {}: {}", made.job().id, made.words());
            return true;
        });
    }
}
