package drover.daemon.membership;

import java.util.Collection;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Events on their way to the listeners: in order, on one virtual thread, so that a slow listener never holds
/// up the group.
final class ListenerQueue implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ListenerQueue.class);
    private static final int LIMIT = 8192; // several changes of every node of the largest cluster

    private final BlockingQueue<MembershipEvent> waiting = new ArrayBlockingQueue<>(LIMIT);
    private Thread thread;

    synchronized void start(Consumer<MembershipEvent> target) {
        thread = Thread.ofVirtual().name("membership-events").start(() -> {
            try {
                while (true) target.accept(waiting.take());
            } catch (InterruptedException e) {
                LOG.debug("no more membership events");
            }
        });
    }

    void add(MembershipEvent event) {
        if (!waiting.offer(event))
            LOG.error("event {} dropped: {} others wait, so some listener hangs", event, waiting.size());
    }

    void addAll(Collection<? extends MembershipEvent> events) {
        events.forEach(this::add);
    }

    @Override
    public synchronized void close() {
        if (thread != null) thread.interrupt();
    }
}
