package drover.daemon.control;

import drover.daemon.placement.Placement;

/// Where the guests of home's jobs are, told at once to all who must agree on it: the fence, placement, and the
/// server of home's files. Loop of home's jobs only.
final class Whereabouts {
    private final LiveGuests live;
    private final Placement placement;
    private final GuestNodes nodes;
    private final HomeFiles files;

    /// Starts with no guest anywhere.
    Whereabouts(LiveGuests live, Placement placement, GuestNodes nodes, HomeFiles files) {
        this.live = live;
        this.placement = placement;
        this.nodes = nodes;
        this.files = files;
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
    }

    /// The job's present guest may do nothing any more, wherever it is.
    void leave(Job job) {
        live.remove(job.guest());
        files.guestEnded(job.guest());
        placement.ended(job.id.number());
    }
}
