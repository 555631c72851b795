package drover.daemon.control;

import drover.daemon.loop.Loop;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.job.GuestNetwork;
import drover.protocol.job.JobMessage.Lease;
import drover.protocol.job.JobMessage.StartGuest;
import io.netty.buffer.Unpooled;
import java.time.Duration;

/// What a node has to know and is told so that it can start a guest. Loop of home's jobs only.
final class GuestStarts {
    private final GuestNodes nodes;
    private final HomeFiles files;
    private final JobNetwork network;
    private final Duration lease;
    private final Loop loop;

    /// @param lease how long a guest may run without hearing from this home
    GuestStarts(GuestNodes nodes, HomeFiles files, JobNetwork network, Duration lease, Loop loop) {
        this.nodes = nodes;
        this.files = files;
        this.network = network;
        this.lease = lease;
        this.loop = loop;
    }

    /// Runs the task, on the loop, when that node sees home's files as they are now.
    void whenFilesAreKnown(NodeId node, Runnable task) {
        files.whenKnown(node, () -> loop.execute(task));
    }

    /// Runs the task, on the loop, when packets of that guest can travel between home and the node; at once where it
    /// needs no
    /// such thing.
    void whenNetworkIsReady(Job job, NodeId node, GuestKey guest, Runnable task) {
        if (job.options.network() == NetworkChoice.HOME) network.whenReady(node, guest, () -> loop.execute(task));
        else task.run();
    }

    /// What a node has to know of the network that the job's guests have.
    GuestNetwork networkOf(Job job) {
        return switch (job.options.network()) {
            case NONE -> GuestNetwork.NONE;
            case NODE -> GuestNetwork.OF_NODE;
            case HOME -> network.of(job.id);
        };
    }

    /// Asks the job's node to start its guest. A node that has it already says so and starts no second one. The guest
    /// begins with a lease: one that ran out while this home had no guests there would have it start frozen.
    void send(Job job) {
        nodes.send(job.node, new Lease(lease));
        nodes.send(
                job.node,
                new StartGuest(
                        job.guest(),
                        job.credentials,
                        job.options.memoryBytes(),
                        networkOf(job),
                        job.options.neverMoves(),
                        Unpooled.wrappedBuffer(job.spec)));
    }
}
