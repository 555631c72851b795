package drover.daemon.control;

import drover.daemon.loop.Loop;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.job.GuestNetwork;
import drover.protocol.job.JobMessage.Lease;
import drover.protocol.job.JobMessage.StartGuest;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a node has to know and is told so that it can start a guest. Loop of home's jobs only.
final class GuestStarts {
    private static final Logger LOG = LoggerFactory.getLogger(GuestStarts.class);

    private final GuestNodes nodes;
    private final HomeFiles files;
    private final JobNetwork network;
    private final Consumer<Job> changed;
    private final Duration lease;
    private final Loop loop;

    /// @param lease how long a guest may run without hearing from this home
    /// @param changed hears of a job that is to be written down anew
    GuestStarts(
            GuestNodes nodes, HomeFiles files, JobNetwork network, Consumer<Job> changed, Duration lease, Loop loop) {
        this.nodes = nodes;
        this.files = files;
        this.network = network;
        this.changed = changed;
        this.lease = lease;
        this.loop = loop;
    }

    /// Runs the task, on the loop, when that node sees home's files as they are now.
    void whenFilesAreKnown(NodeId node, Runnable task) {
        files.whenKnown(node, () -> loop.execute(task));
    }

    /// Runs the task, on the loop, when packets of that guest can travel between home and the node; at once where it
    /// needs no such thing. If they cannot travel, the start is refused in the node's name, unless nobody asked
    /// for that network and the job has not begun: then it goes without.
    void whenNetworkIsReady(Job job, NodeId node, GuestKey guest, Runnable task) {
        if (job.network != NetworkChoice.HOME) {
            task.run();
            return;
        }
        network.whenReady(node, guest, () -> loop.execute(task), why -> {
            if (job.options.networkNamed() || !guest.equals(job.guest())) return false;
            loop.execute(() -> goWithout(job, guest, why, task));
            return true;
        });
    }

    private void goWithout(Job job, GuestKey guest, String why, Runnable task) {
        if (!guest.equals(job.guest())) return; // it was started anew meanwhile
        LOG.warn("job {} has no network: {}", job.id, why);
        job.network = NetworkChoice.NONE;
        network.leave(guest);
        changed.accept(job);
        task.run();
    }

    /// What a node has to know of the network that the job's guests have.
    GuestNetwork networkOf(Job job) {
        return switch (job.network) {
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
