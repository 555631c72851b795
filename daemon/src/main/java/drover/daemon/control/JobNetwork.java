package drover.daemon.control;

import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.protocol.job.GuestNetwork;
import java.util.Optional;
import java.util.function.Predicate;

/// Home's network, as far as its jobs have it. Safe from any thread.
public interface JobNetwork {
    /// Why this home can give its network to no job, and what to do; empty if it can.
    Optional<String> unusable();

    /// The job's guest is on that node from now on: packets with the job's address come from there alone, and
    /// go there.
    void enter(GuestKey guest, NodeId node);

    /// The guest may send and gets nothing any more.
    void leave(GuestKey guest);

    /// What a job's guest is told.
    GuestNetwork of(JobId job);

    /// Runs the task, on any thread, when packets of that guest can travel. Where they cannot, the task never runs,
    /// and the guest's start is refused in the node's name.
    ///
    /// @param goesWithout asked first, on any thread, with the reason: true if the guest starts without
    void whenReady(NodeId node, GuestKey guest, Runnable task, Predicate<String> goesWithout);
}
