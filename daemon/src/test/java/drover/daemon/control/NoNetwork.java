package drover.daemon.control;

import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.protocol.job.GuestNetwork;
import java.util.Optional;
import java.util.function.Predicate;

/// A home that gives its network to no job.
final class NoNetwork implements JobNetwork {
    @Override
    public Optional<String> unusable() {
        return Optional.of("this test has none; try another");
    }

    @Override
    public void enter(GuestKey guest, NodeId node) {}

    @Override
    public void leave(GuestKey guest) {}

    @Override
    public GuestNetwork of(JobId job) {
        return GuestNetwork.NONE;
    }

    @Override
    public void whenReady(NodeId node, GuestKey guest, Runnable task, Predicate<String> goesWithout) {
        task.run();
    }
}
