package drover.homefs.mount;

import drover.linux.fuse.FuseDevice;
import drover.protocol.file.FileRecall;
import drover.protocol.file.FileRecall.Item;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes back from the kernel what home takes back from this node, then tells home.
///
/// Thread rule: any thread; the kernel is told on a thread of its own, since it may make that wait for a
/// directory that a guest is changing.
final class Recaller implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Recaller.class);
    /// Longer than a round trip takes; the change that is being made waits meanwhile.
    private static final long SECURE_MILLIS = 2_000;

    private final FuseDevice device;
    private final KnownNodes nodes;
    private final Grants grants;
    private final LocalOpens locals;
    private final Pruning pruning;
    private final Ahead ahead;
    private final Conversation conversation;
    private final MountCounters counters;
    /// Not bounded here: home promises a bounded number of names, and takes each back once.
    private final ThreadPoolExecutor thread;
    /// Restarts of home after which not everything is taken back yet.
    private int restarts;

    Recaller(
            String name,
            FuseDevice device,
            KnownNodes nodes,
            Grants grants,
            LocalOpens locals,
            Pruning pruning,
            Ahead ahead,
            Conversation conversation,
            MountCounters counters) {
        this.device = device;
        this.nodes = nodes;
        this.grants = grants;
        this.locals = locals;
        this.pruning = pruning;
        this.ahead = ahead;
        this.conversation = conversation;
        this.counters = counters;
        thread = new ThreadPoolExecutor(
                0,
                1,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Thread.ofPlatform().name(name).daemon().factory());
        thread.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy()); // the next daemon is told again
    }

    void recall(FileRecall recall) {
        grants.voidCallsUnderWay(() -> {
            ahead.takenBack(recall.items());
            recall.items().forEach(this::closeToAll);
        });
        long link = conversation.link();
        thread.execute(() -> {
            List<Item> items = recall.items();
            try {
                items.forEach(this::takeBack);
            } catch (RuntimeException e) {
                // home waits for this node until it has said that it did: then all of it, once more
                log.error("recall {} failed; everything is taken back instead", recall, e);
                items = List.of(new Item.Everything());
                items.forEach(this::takeBack);
            }
            secure(items);
            conversation.acknowledge(link, recall.number());
        });
    }

    /// From now on no open is answered on this node, so that those which were can be told of.
    private void closeToAll(Item item) {
        switch (item) {
            case Item.Name(long _, var _, long node) -> closeToAll(node);
            case Item.Attributes(long node) -> closeToAll(node);
            case Item.Content(long node) -> closeToAll(node);
            case Item.Everything() -> nodes.each().forEach(node -> node.openToAll(false));
            case Item.AtMost _ -> {}
        }
    }

    private void closeToAll(long id) {
        KnownNode node = nodes.get(id);
        if (node != null) node.openToAll(false);
    }

    /// Home is another one than before, and does not know what it promised.
    void everything() {
        Item everything = new Item.Everything();
        grants.voidCallsUnderWay(() -> {
            ahead.homeIsAnother();
            closeToAll(everything);
        });
        synchronized (this) {
            restarts++;
        }
        thread.execute(() -> {
            try {
                takeBack(everything);
            } finally {
                ofEarlierTakenBack();
            }
        });
    }

    private synchronized void ofEarlierTakenBack() {
        restarts--;
        notifyAll();
    }

    /// Whether nothing is believed any more that home promised before it restarted.
    synchronized boolean isUpToDate() {
        return restarts == 0;
    }

    /// Waits for that, or until this is closed.
    synchronized void awaitUpToDate() throws InterruptedException {
        while (restarts > 0 && !thread.isShutdown()) wait();
    }

    private void takeBack(Item item) {
        if (!(item instanceof Item.AtMost)) counters.recalled.increment();
        switch (item) {
            case Item.AtMost(long most) -> pruning.atMost(most);
            case Item.Name(long directory, var name, long node) -> {
                grants.expire(directory, name);
                if (node != 0) content(node);
            }
            case Item.Attributes(long node) -> {
                KnownNode known = nodes.get(node);
                if (known != null) {
                    known.attributesChanged();
                    nodes.relist(known);
                }
                device.expireAttributes(node);
            }
            case Item.Content(long node) -> content(node);
            case Item.Everything() -> {
                grants.absent().forEach(absent -> grants.expire(absent.parent(), absent.name()));
                nodes.forEachName(grants::expire);
                for (KnownNode node : nodes.all()) content(node.id);
                device.expireAttributes(KnownNodes.ROOT);
            }
        }
    }

    /// Home may have removed files, or let fewer read them than before: who has them open here shall keep them. Or
    /// somebody is about to write them, and home has to know who runs them.
    private void secure(List<Item> items) {
        boolean all = items.contains(new Item.Everything());
        Set<Long> changed = new HashSet<>();
        for (Item item : items) {
            switch (item) {
                case Item.Name(long _, var _, long node) -> changed.add(node);
                case Item.Attributes(long node) -> changed.add(node);
                case Item.Content(long node) -> changed.add(node);
                case Item.Everything _, Item.AtMost _ -> {}
            }
        }
        CountDownLatch secured = new CountDownLatch(1);
        locals.secure(node -> all || changed.contains(node), secured::countDown);
        try {
            if (!secured.await(SECURE_MILLIS, TimeUnit.MILLISECONDS))
                log.warn("a file that is open here was changed, and home does not say that it keeps it open");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    private void content(long id) {
        KnownNode node = nodes.get(id);
        if (node != null) {
            node.changed();
            node.attributesChanged();
            nodes.relist(node);
        }
        device.invalidateContent(id);
    }

    @Override
    public void close() {
        thread.shutdownNow();
        synchronized (this) {
            notifyAll();
        }
    }
}
