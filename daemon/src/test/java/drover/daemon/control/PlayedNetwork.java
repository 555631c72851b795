package drover.daemon.control;

import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.protocol.job.GuestNetwork;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Predicate;

/// A home's network that carries nothing, and says who may send.
final class PlayedNetwork implements JobNetwork {
    static final GuestNetwork GIVEN = new GuestNetwork.OfHome(0xc6120005, "/etc/resolv.conf", "nameserver 198.18.0.1");

    /// The one guest of each job that may send, and where.
    final Map<JobId, Map.Entry<GuestKey, NodeId>> senders = new ConcurrentHashMap<>();

    /// To which no packets travel, now or ever.
    final Set<NodeId> unreached = ConcurrentHashMap.newKeySet();

    /// Guests that wait for that.
    final BlockingQueue<GuestKey> waiting = new LinkedBlockingQueue<>();

    /// Whether it turns out, when a guest is to have it, that home has none to give.
    volatile boolean broken;

    @Override
    public Optional<String> unusable() {
        return Optional.empty();
    }

    @Override
    public void enter(GuestKey guest, NodeId node) {
        senders.put(guest.job(), Map.entry(guest, node));
    }

    @Override
    public void leave(GuestKey guest) {
        senders.computeIfPresent(guest.job(), (_, sender) -> sender.getKey().equals(guest) ? null : sender);
    }

    @Override
    public GuestNetwork of(JobId job) {
        return GIVEN;
    }

    @Override
    public void whenReady(NodeId node, GuestKey guest, Runnable task, Predicate<String> goesWithout) {
        if (unreached.contains(node) || (broken && !goesWithout.test("it is broken"))) waiting.add(guest);
        else if (!broken) task.run();
    }
}
