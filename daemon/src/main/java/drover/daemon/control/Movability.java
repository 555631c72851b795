package drover.daemon.control;

import drover.daemon.placement.ClusterKnowledge;
import drover.model.JobState;
import drover.model.NodeId;
import drover.model.Openness;
import java.util.Optional;

/// Why a job cannot move, as far as home knows without asking its node. In words that go after "because". Loop
/// of home's jobs only.
final class Movability {
    private final ClusterKnowledge knowledge;
    private final GuestNodes nodes;
    private final HomeFiles files;

    Movability(ClusterKnowledge knowledge, GuestNodes nodes, HomeFiles files) {
        this.knowledge = knowledge;
        this.nodes = nodes;
        this.files = files;
    }

    /// Whatever the target.
    Optional<String> objection(Job job) {
        return Optional.ofNullable(againstState(job)).or(() -> Optional.ofNullable(against(job)));
    }

    private static String againstState(Job job) {
        if (job.state.isFinal()) return "it has ended";
        if (job.state == JobState.LINGERING) return "its command has ended; only what that left behind goes on";
        if (job.state != JobState.RUNNING || job.node == null) return "it does not run yet";
        if (job.frozen) return "it is frozen; it goes on with: drover continue " + job.id.number();
        return job.move == null ? null : "it moves already, to " + job.move.target;
    }

    private String against(Job job) {
        if (job.options.stay()) return "it was started with --stay";
        if (job.network == NetworkChoice.NODE) return "it uses the network of its node (--net node)";
        // its process stands in its kernel's call, and could not be held
        return files.waitsForLock(job.guest()) ? "it waits for a lock on a file" : null;
    }

    /// To that node.
    Optional<String> objection(Job job, NodeId target) {
        return Optional.ofNullable(againstState(job))
                .or(() -> Optional.ofNullable(against(job, target)))
                .or(() -> objection(job));
    }

    private String against(Job job, NodeId target) {
        if (target.equals(job.node)) return "it runs there already";
        Optional<String> ofTarget = objectionTo(target);
        if (ofTarget.isPresent()) return ofTarget.get();
        ClusterKnowledge.Seen seen = knowledge.loads().get(target);
        if (seen != null && job.residentBytes > seen.load().memoryFreeBytes())
            return "it has " + (job.residentBytes >> 20) + " MiB in memory, and " + target + " has "
                    + (seen.load().memoryFreeBytes() >> 20) + " MiB free";
        if (!nodes.isUp(job.node)) return job.node + ", where it runs, cannot be reached now";
        if (!nodes.canMoveGuests(job.node)) return job.node + ", where it runs, has an older Drover that moves no jobs";
        return null;
    }

    /// Whatever the job.
    Optional<String> objectionTo(NodeId target) {
        return Optional.ofNullable(againstTarget(target));
    }

    private String againstTarget(NodeId target) {
        switch (knowledge.stateOf(target)) {
            case UNKNOWN -> {
                return "there is no node " + target + "; see: drover nodes";
            }
            case DOWN -> {
                return target + " is down; see: drover nodes";
            }
            case UP -> {}
        }
        ClusterKnowledge.Seen seen = knowledge.loads().get(target);
        if (seen != null && seen.load().openness() != Openness.OPEN)
            return target + " takes no guests now; see: drover nodes";
        if (nodes.isUp(target) && !nodes.canMoveGuests(target))
            return target + " has an older Drover that takes no moving jobs";
        return null;
    }
}
