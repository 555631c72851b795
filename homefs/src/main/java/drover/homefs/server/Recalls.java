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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Promises on their way back: tells nodes, and holds the answer to a change until all of them have said that
/// their kernels ask again. What a node has not acknowledged is told again on its next link.
///
/// A node that stays silent is waited for as long as its guests may run without hearing from home; then they
/// are frozen, and stay so until the node has caught up ([#isBehind]).
///
/// A node whose own change waits is not waited for. Its kernel may hold the directory's lock for that change,
/// and ask again only when it is answered: two nodes would wait for each other. The price: of two nodes that
/// change one directory at the same moment, one may see the other's change a round trip late.
///
/// Thread rule: any thread; one lock.
final class Recalls {
    private static final Logger log = LoggerFactory.getLogger(Recalls.class);
    /// A node that needs longer than this is not told that its guests may go on.
    private static final Duration BEHIND = Duration.ofMillis(1_500);
    /// Of one frame, so that it does not hold up small replies.
    private static final int MAX_FRAME_BYTES = 12 << 10;

    private static final int ITEM_BYTES = 21;
    /// Frames of one node, of up to 12 KiB.
    private static final int MAX_UNACKNOWLEDGED = 1_024;

    /// What one node has to do with recalls. Owned by [Recalls], under its lock.
    static final class State {
        private final Deque<Sent> unacknowledged = new ArrayDeque<>();
        /// By inode: the last recall under way that takes something of it back. [#ALL] stands for any.
        private final Map<Long, Sent> underWay = new HashMap<>();
        private long numbers;
        private int ownWaiting;
        private boolean givenUp;
        /// The last recall that a change was not held up for since the node was given up.
        private long unwaited;
        private ReplySender sender;
    }

    /// @param waiting changes that are answered when the node has acknowledged, or was given up
    /// @param starting what must not begin before the node has acknowledged
    private record Sent(FileRecall recall, long sinceNanos, List<Waiting> waiting, List<Runnable> starting) {}

    private static final long ALL = -1;

    /// What is to be taken back from one node.
    ///
    /// @param concerned the inodes that have changed, as the node knows them: of these more may be on its way
    ///     back
    record TakenBack(List<Item> items, Set<Long> concerned) {
        static final TakenBack NOTHING = new TakenBack(List.of(), Set.of());
    }

    /// Something that waits for nodes.
    private static final class Waiting {
        final Runnable then;
        int nodes;

        Waiting(Runnable then) {
            this.then = then;
        }
    }

    private final Duration patience;
    /// Nodes that may believe what another home promised, before this one: whatever it was, it is taken back.
    private final Set<NodeView> believing = new HashSet<>();

    /// @param guestLease how long a guest may run without hearing from home
    Recalls(Duration guestLease) {
        this.patience = guestLease.plus(BEHIND.multipliedBy(2));
    }

    /// How long a node that stays silent is waited for.
    Duration patience() {
        return patience;
    }

    /// Takes promises back, and runs `then` when that is known everywhere: at once if nobody has to be waited
    /// for.
    ///
    /// A change waits, too, for what an earlier one has taken back of the same files and is not known yet
    /// everywhere.
    ///
    /// @param by the node whose change it is; null for a program at home
    /// @param recalls finds what is to be taken back: no other change comes in between
    void takeBack(NodeView by, Supplier<Map<NodeView, TakenBack>> recalls, Runnable then) {
        boolean now;
        synchronized (this) {
            Waiting waiting = new Waiting(() -> {
                if (by != null) ownDone(by);
                then.run();
            });
            Map<NodeView, TakenBack> all = new HashMap<>(recalls.get());
            believing.forEach(view -> all.putIfAbsent(view, TakenBack.NOTHING));
            all.forEach((view, taken) -> {
                Sent last = taken.items.isEmpty() ? lastOf(view, taken.concerned) : send(view, taken.items);
                if (last == null || by == view) return;
                if (view.recalls.givenUp) view.recalls.unwaited = view.recalls.numbers;
                else if (view.recalls.ownWaiting == 0) {
                    last.waiting.add(waiting);
                    waiting.nodes++;
                }
            });
            now = waiting.nodes == 0;
            if (!now && by != null) by.recalls.ownWaiting++;
        }
        if (now) then.run();
    }

    /// The last recall under way that is about one of these inodes; null if there is none.
    private static Sent lastOf(NodeView view, Set<Long> inodes) {
        Map<Long, Sent> underWay = view.recalls.underWay;
        Sent last = underWay.get(ALL);
        if (underWay.isEmpty()) return null;
        for (Long inode : inodes) {
            Sent sent = underWay.get(inode);
            if (sent != null && (last == null || sent.recall.number() > last.recall.number())) last = sent;
        }
        return last;
    }

    private static void forEachInode(Sent sent, Consumer<Long> task) {
        for (Item item : sent.recall.items())
            switch (item) {
                case Item.Name(long directory, var _, long node) -> {
                    task.accept(directory);
                    if (node != 0) task.accept(node);
                }
                case Item.Attributes(long node) -> task.accept(node);
                case Item.Content(long node) -> task.accept(node);
                case Item.Everything() -> task.accept(ALL);
                case Item.AtMost _ -> {}
            }
    }

    /// Whether the node may have opened the file by itself while it might, and not yet said so.
    synchronized boolean isPerhapsOpen(NodeView view, Inode inode, Leases leases) {
        return leases.isPerhapsOpen(inode, lastOf(view, Set.of(inode.id)) != null);
    }

    private synchronized void ownDone(NodeView view) {
        view.recalls.ownWaiting--;
    }

    /// Returns the last of the frames that it takes.
    private static Sent send(NodeView view, List<Item> items) {
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
            forEachInode(sent, inode -> state.underWay.put(inode, sent));
            tell(state, sent.recall);
            from = to;
        }
        if (view.recalls.unacknowledged.size() > MAX_UNACKNOWLEDGED) askForEverything(view.recalls);
        return view.recalls.unacknowledged.getLast();
    }

    /// A node that does not acknowledge shall not fill this home's memory.
    private static void askForEverything(State state) {
        var all = new Sent(
                new FileRecall(++state.numbers, List.of(new Item.Everything())),
                state.unacknowledged.getFirst().sinceNanos,
                new ArrayList<>(),
                new ArrayList<>());
        for (Sent sent : state.unacknowledged) {
            all.waiting.addAll(sent.waiting);
            all.starting.addAll(sent.starting);
        }
        state.unacknowledged.clear();
        state.underWay.clear();
        state.unacknowledged.add(all);
        state.underWay.put(ALL, all);
        tell(state, all.recall);
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
                forEachInode(sent, inode -> view.recalls.underWay.remove(inode, sent));
                for (Waiting waiting : sent.waiting) if (--waiting.nodes == 0) done.add(waiting.then);
                done.addAll(sent.starting);
            }
            if (!view.recalls.underWay.containsKey(ALL)) believing.remove(view);
            // it may never have heard of all, while more and more happens
            if (open.isEmpty() || !isOld(open.getFirst())) view.recalls.givenUp = false;
        }
        for (Runnable then : done) then.run();
    }

    /// Lets go on what has waited for a silent node for too long. To be called about once a second.
    void giveUpOverdue(NodeView view) {
        List<Waiting> done = new ArrayList<>(0);
        List<Runnable> starting = new ArrayList<>(0);
        synchronized (this) {
            long now = System.nanoTime();
            for (Sent sent : view.recalls.unacknowledged) {
                if (now - sent.sinceNanos < patience.toNanos()) break;
                for (Waiting waiting : sent.waiting) if (--waiting.nodes == 0) done.add(waiting);
                sent.waiting.clear();
                starting.addAll(sent.starting);
                sent.starting.clear();
                if (!view.recalls.givenUp)
                    log.warn(
                            "{} does not say that it heard of a change: its guests stay frozen until it does",
                            view.node);
                view.recalls.givenUp = true;
                view.recalls.unwaited = Math.max(view.recalls.unwaited, sent.recall.number());
            }
        }
        for (Waiting waiting : done) waiting.then.run();
        starting.forEach(Runnable::run);
    }

    /// A link to a node is up; it may have begun anew since the last one, and have no kernel that believes
    /// anything. Told of what it has not acknowledged, it says so by its Hello, or acknowledges.
    ///
    /// It is told of all, and in order, before it hears of anything new: its word for one recall counts for
    /// those before it, too, and the last link may have lost some.
    void reachable(NodeView view, ReplySender sender) {
        synchronized (this) {
            view.recalls.sender = sender;
            for (Sent sent : view.recalls.unacknowledged) tell(view.recalls, sent.recall);
        }
    }

    /// The link to a node broke. Its sender is not used any more: it may find the next link before that is
    /// told of here.
    void unreachable(NodeView view) {
        synchronized (this) {
            view.recalls.sender = null;
        }
    }

    /// A node's mount is there, on a new link.
    ///
    /// @param unknown what it believes is not known here: it is told to believe nothing
    void linked(NodeView view, boolean unknown, ReplySender sender) {
        synchronized (this) {
            view.recalls.sender = sender;
            for (Sent sent : view.recalls.unacknowledged) tell(view.recalls, sent.recall);
            if (unknown && !believing.contains(view)) takeBackEverything(view);
        }
    }

    /// A node may have been promised something before this home began, and may not know yet that it did.
    void expect(NodeView view) {
        synchronized (this) {
            takeBackEverything(view);
        }
    }

    private void takeBackEverything(NodeView view) {
        believing.add(view);
        send(view, List.of(new Item.Everything()));
    }

    /// Tells a node how many inodes it may know.
    void limit(NodeView view, long nodes) {
        synchronized (this) {
            send(view, List.of(new Item.AtMost(nodes)));
        }
    }

    /// Runs the task when the node has acknowledged all that it was told until now, or was given up: it may
    /// have begun anew, and will say so only when a job starts there. If not, that job's guest is frozen with
    /// the others.
    void whenCaughtUp(NodeView view, Runnable task) {
        synchronized (this) {
            if (!view.recalls.unacknowledged.isEmpty() && !view.recalls.givenUp) {
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

    /// Whether a node has not acknowledged for a while, or not all that was done without waiting for it: its
    /// guests may see what is not so any more.
    synchronized boolean isBehind(NodeView view) {
        Sent oldest = view.recalls.unacknowledged.peekFirst();
        if (oldest == null) return false;
        return view.recalls.givenUp || oldest.recall.number() <= view.recalls.unwaited || isOld(oldest);
    }

    private static boolean isOld(Sent sent) {
        return System.nanoTime() - sent.sinceNanos > BEHIND.toNanos();
    }
}
