package drover.daemon.control;

import drover.model.NodeId;
import drover.protocol.job.JobMessage;

/// The nodes that home's guests run on, this one included. Safe from any thread.
public interface GuestNodes {
    /// Whether messages to this node arrive now.
    boolean isUp(NodeId node);

    /// Whether it understands what is said of guests that move. Only while it is up.
    boolean canMoveGuests(NodeId node);

    /// Makes and keeps links to a node; [HomeJobs#nodeUp] is called when they are there.
    void connect(NodeId node);

    /// Says something to a node, in order. Dropped while it is not up: reconciliation repairs that.
    void send(NodeId node, JobMessage message);
}
