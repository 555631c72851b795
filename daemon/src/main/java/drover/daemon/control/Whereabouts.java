package drover.daemon.control;

import drover.daemon.placement.Placement;

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
        if (job.options.network() == NetworkChoice.HOME) network.enter(job.guest(), job.node);
    }

    /// The job's present guest may do nothing any more, wherever it is.
    void leave(Job job) {
        live.remove(job.guest());
        network.leave(job.guest());
        files.guestEnded(job.guest());
        placement.ended(job.id.number());
    }
}
