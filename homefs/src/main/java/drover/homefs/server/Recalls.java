package drover.homefs.server;

import drover.protocol.file.FileRecall;
import drover.protocol.file.FileRecall.Item;
import drover.protocol.file.RecallCodec;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBufAllocator;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Promises on their way back: tells nodes, and holds the answer to a change until all of them have said that their
/// kernels ask again. What a node has not acknowledged is told again on its next link.
///
/// A node that stays silent is waited for as long as its guests may run without hearing from home; then they are
/// frozen, and stay so until the node has caught up ([#isBehind]).
///
/// A node whose own change waits is not waited for. Its kernel may hold the directory's lock for that change, and ask
/// again only when it is answered: two nodes would wait for each other. The price: of two nodes that change one
/// directory at the same moment, one may see the other's change a round trip late.
///
/// Thread rule: any thread; one lock.
final class Recalls {
    private static final Logger log = LoggerFactory.getLogger(Recalls.class);
    /// A node that needs longer than this is not told that its guests may go on.
    private static final Duration BEHIND = Duration.ofMillis(1_500);
    /// Of one frame, so that it does not hold up small replies.
    private static final int MAX_FRAME_BYTES = 12 << 10;

    private static final int ITEM_BYTES = 21;

    /// What one node has to do with recalls. Owned by [Recalls], under its lock.
    static final class State {
        private final Deque<Sent> unacknowledged = new ArrayDeque<>();
        private long numbers;
        private int ownWaiting;
        private boolean givenUp;
        private ReplySender sender;
    }

    /// @param waiting changes that are answered when the node has acknowledged, or was given up
    /// @param starting what must not begin before the node has acknowledged
    private record Sent(FileRecall recall, long sinceNanos, List<Waiting> waiting, List<Runnable> starting) {}

    /// Something that waits for nodes.
    private static final class Waiting {
        final Runnable then;
        int nodes;

        Waiting(Runnable then) {
            this.then = then;
        }
    }

    private final Duration patience;

    /// @param guestLease how long a guest may run without hearing from home
    Recalls(Duration guestLease) {
        this.patience = guestLease.plus(BEHIND.multipliedBy(2));
    }

    /// Takes promises back, and runs `then` when that is known everywhere: at once if nobody has to be waited for.
    ///
    /// @param by the node whose change it is; null for a program at home
    void takeBack(NodeView by, Map<NodeView, List<Item>> recalls, Runnable then) {
        boolean now;
        synchronized (this) {
            Waiting waiting = new Waiting(() -> {
                if (by != null) ownDone(by);
                then.run();
            });
            recalls.forEach((view, items) -> send(view, items, waits(by, view) ? waiting : null));
            now = waiting.nodes == 0;
            if (!now && by != null) by.recalls.ownWaiting++;
        }
        if (now) then.run();
    }

    private static boolean waits(NodeView by, NodeView view) {
        return by != view && view.recalls.ownWaiting == 0 && !view.recalls.givenUp;
    }

    private synchronized void ownDone(NodeView view) {
        view.recalls.ownWaiting--;
    }

    private void send(NodeView view, List<Item> items, Waiting waiting) {
        for (int from = 0; from < items.size(); ) {
            int to = from;
            for (int bytes = 0; to < items.size() && to - from < RecallCodec.MAX_ITEMS; to++) {
                bytes += ITEM_BYTES
                        + (items.get(to) instanceof Item.Name name ? name.name().length() : 0);
                if (bytes > MAX_FRAME_BYTES && to > from) break;
            }
            State state = view.recalls;
            var sent = new Sent(
                    new FileRecall(++state.numbers, items.subList(from, to)),
                    System.nanoTime(),
                    new ArrayList<>(1),
                    new ArrayList<>(0));
            state.unacknowledged.add(sent);
            tell(state, sent.recall);
            from = to;
        }
        if (waiting == null) return;
        waiting.nodes++;
        view.recalls.unacknowledged.getLast().waiting.add(waiting);
    }

    private static void tell(State state, FileRecall recall) {
        if (state.sender != null)
            state.sender.send(LinkClass.FILES, RecallCodec.encode(recall, ByteBufAllocator.DEFAULT));
    }

    /// A node has made its kernel ask again for all up to that recall.
    void acknowledged(NodeView view, long number) {
        List<Runnable> done = new ArrayList<>(1);
        synchronized (this) {
            Deque<Sent> open = view.recalls.unacknowledged;
            while (!open.isEmpty() && open.getFirst().recall.number() <= number) {
                Sent sent = open.removeFirst();
                for (Waiting waiting : sent.waiting) if (--waiting.nodes == 0) done.add(waiting.then);
                done.addAll(sent.starting);
            }
            if (open.isEmpty()) view.recalls.givenUp = false;
        }
        for (Runnable then : done) then.run();
    }

    /// Lets go on what has waited for a silent node for too long. To be called about once a second.
    void giveUpOverdue(NodeView view) {
        List<Waiting> done = new ArrayList<>(0);
        synchronized (this) {
            long now = System.nanoTime();
            for (Sent sent : view.recalls.unacknowledged) {
                if (now - sent.sinceNanos < patience.toNanos()) break;
                for (Waiting waiting : sent.waiting) if (--waiting.nodes == 0) done.add(waiting);
                sent.waiting.clear();
                if (!view.recalls.givenUp)
                    log.warn(
                            "{} does not say that it heard of a change: its guests stay frozen until it does",
                            view.node);
                view.recalls.givenUp = true;
            }
        }
        for (Waiting waiting : done) waiting.then.run();
    }

    /// A node is there, on a new link.
    ///
    /// @param unknown what it believes is not known here: it is told to believe nothing
    void linked(NodeView view, boolean unknown, ReplySender sender) {
        synchronized (this) {
            view.recalls.sender = sender;
            for (Sent sent : view.recalls.unacknowledged) tell(view.recalls, sent.recall);
            if (unknown) send(view, List.of(new Item.Everything()), null);
        }
    }

    /// Runs the task when the node has acknowledged all that it was told until now.
    void whenCaughtUp(NodeView view, Runnable task) {
        synchronized (this) {
            if (!view.recalls.unacknowledged.isEmpty()) {
                view.recalls.unacknowledged.getLast().starting.add(task);
                return;
            }
        }
        task.run();
    }

    /// The node's kernel is another one, or has begun anew: it believes nothing.
    void begunAnew(NodeView view) {
        acknowledged(view, Long.MAX_VALUE);
    }

    /// Whether a node has not acknowledged for a while: its guests may see what is not so any more.
    synchronized boolean isBehind(NodeView view) {
        Sent oldest = view.recalls.unacknowledged.peekFirst();
        return oldest != null && System.nanoTime() - oldest.sinceNanos > BEHIND.toNanos();
    }
}
