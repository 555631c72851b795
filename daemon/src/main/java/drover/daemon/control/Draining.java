package drover.daemon.control;

import drover.daemon.placement.ClusterKnowledge;
import drover.daemon.placement.Placement;
import drover.model.JobId;
import drover.model.JobState;
import drover.model.NodeId;
import drover.model.Openness;
import drover.policy.placement.PlacementDecision;
import drover.policy.placement.PlacementRequest;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Moves a home's running jobs away from nodes that are being drained, from each node one after the other, so that
/// no job stands still longer than its own move takes. Where they go may be crowded: they have to leave. Loop of home's
/// jobs only.
final class Draining {
    private static final Logger LOG = LoggerFactory.getLogger(Draining.class);
    private static final Duration NOT_AGAIN = Duration.ofSeconds(5);

    private final NodeId home;
    private final ClusterKnowledge knowledge;
    private final Placement placement;
    private final JobBook book;
    private final HomeMoves moves;
    private final Retries retries = new Retries(NOT_AGAIN);

    Draining(NodeId home, ClusterKnowledge knowledge, Placement placement, JobBook book, HomeMoves moves) {
        this.home = home;
        this.knowledge = knowledge;
        this.placement = placement;
        this.book = book;
        this.moves = moves;
    }

    /// Looks at each job. Call once a second.
    void tick() {
        Set<JobId> known = new HashSet<>();
        Set<NodeId> busy = new HashSet<>();
        for (Job job : book.unfinished()) {
            known.add(job.id);
            if (job.move != null) busy.add(job.move.source);
        }
        retries.retain(known);
        Map<NodeId, ClusterKnowledge.Seen> seen = knowledge.loads();
        for (Job job : book.unfinished()) {
            NodeId node = job.node;
            if (node == null || job.state != JobState.RUNNING || busy.contains(node)) continue;
            ClusterKnowledge.Seen there = seen.get(node);
            if (there == null || there.load().openness() != Openness.DRAINING) continue;
            if (leaves(job, node)) busy.add(node);
        }
    }

    private boolean leaves(Job job, NodeId node) {
        if (!retries.mayTry(job.id)) return false;
        String why = "away from " + node + ", which is being drained: ";
        Optional<String> objection = moves.movability().objection(job);
        if (objection.isPresent()) {
            job.stays = why + objection.get();
            return false;
        }
        Set<NodeId> excluded = new HashSet<>(Set.of(node));
        if (moves.movability().objectionTo(home).isPresent())
            excluded.add(home); // it takes its own to start, but no moving ones
        PlacementRequest request = new PlacementRequest(job.options.nodes(), job.options.memoryBytes(), excluded, true);
        if (!(placement.decide(placement.view(), request) instanceof PlacementDecision.Place place)) {
            job.stays = why + "no other node that it may use has room for it";
            return false;
        }
        LOG.info("job {} is moved from {} to {}: {} is being drained", job.id, node, place.node(), node);
        moves.begin(job, place.node(), stays -> {
            if (stays.isPresent()) retries.failed(job.id);
            else retries.succeeded(job.id);
        });
        return true;
    }
}
