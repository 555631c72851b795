package drover.daemon.control;

import drover.daemon.placement.Placement;
import drover.model.GuestKey;

/// Where the guests of home's jobs are, told at once to all who must agree on it: the fence, placement, the server
/// of home's files, and home's network. Loop of home's jobs only.
final class Whereabouts {
    private final LiveGuests live;
    private final Placement placement;
    private final GuestNodes nodes;
    private final HomeFiles files;
    private final JobNetwork network;

    /// Starts with no guest anywhere.
    Whereabouts(LiveGuests live, Placement placement, GuestNodes nodes, HomeFiles files, JobNetwork network) {
        this.live = live;
        this.placement = placement;
        this.nodes = nodes;
        this.files = files;
        this.network = network;
    }

    /// The job's present guest is on its node from now on, and may act on home's files.
    void enter(Job job) {
        know(job);
        nodes.connect(job.node);
    }

    /// The same, for a job of an earlier daemon, before there are links. All of them must be known before a node
    /// is dialled, whose guests go on at once.
    void know(Job job) {
        placement.placed(job.id.number(), job.node, job.options.memoryBytes());
        live.add(job.guest(), job.node, job);
        if (job.network == NetworkChoice.HOME) network.enter(job.guest(), job.node);
    }

    /// A guest is being made from the present one, on the target: it may look at home's files.
    void restoring(Job job, JobMove move) {
        live.addRestoring(move.to, move.from, move.target, job);
    }

    /// The journal has it: the job's present guest is the target's, and the one before may do nothing any more.
    void moved(Job job, JobMove move) {
        if (job.network == NetworkChoice.HOME) network.enter(move.to, move.target);
        ended(move.from);
        placement.placed(job.id.number(), move.target, job.options.memoryBytes());
        live.add(move.to, move.target, job);
    }

    /// Nothing came of it.
    void notRestored(JobMove move) {
        ended(move.to);
    }

    /// A guest of a move may do nothing any more.
    void ended(GuestKey guest) {
        live.remove(guest);
        network.leave(guest);
        files.guestEnded(guest);
    }

    /// The job's present guest may do nothing any more, wherever it is.
    void leave(Job job) {
        live.remove(job.guest());
        network.leave(job.guest());
        files.guestEnded(job.guest());
        placement.ended(job.id.number());
    }
}
