package drover.homefs.mount;

import drover.linux.fuse.FuseDevice;
import drover.protocol.file.FileRecall;
import drover.protocol.file.FileRecall.Item;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Takes back from the kernel what home takes back from this node, then tells home.
///
/// Thread rule: any thread; the kernel is told on a thread of its own, since it may make that wait for a directory that
/// a guest is changing.
final class Recaller implements AutoCloseable {
    private final FuseDevice device;
    private final KnownNodes nodes;
    private final Grants grants;
    private final Conversation conversation;
    private final MountCounters counters;
    /// Not bounded here: home promises a bounded number of names, and takes each back once.
    private final ThreadPoolExecutor thread;

    Recaller(
            String name,
            FuseDevice device,
            KnownNodes nodes,
            Grants grants,
            Conversation conversation,
            MountCounters counters) {
        this.device = device;
        this.nodes = nodes;
        this.grants = grants;
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
        grants.voidCallsUnderWay();
        long link = conversation.link();
        thread.execute(() -> {
            for (Item item : recall.items()) takeBack(item);
            conversation.acknowledge(link, recall.number());
        });
    }

    /// Home is another one than before, and does not know what it promised.
    void everything() {
        grants.voidCallsUnderWay();
        thread.execute(() -> takeBack(new Item.Everything()));
    }

    private void takeBack(Item item) {
        counters.recalled.increment();
        switch (item) {
            case Item.Name(long directory, var name, long node) -> {
                grants.expire(directory, name);
                if (node != 0) content(node);
            }
            case Item.Attributes(long id) -> {
                KnownNode node = nodes.get(id);
                // home does not say which of them have changed
                if (node != null) node.hasNoCapability(false);
                device.expireAttributes(id);
            }
            case Item.Content(long node) -> content(node);
            case Item.Everything() -> {
                grants.absent().forEach(absent -> grants.expire(absent.parent(), absent.name()));
                for (KnownNode node : nodes.all()) {
                    if (node.name().length() > 0) grants.expire(node.parent(), node.name());
                    content(node.id);
                }
                device.expireAttributes(KnownNodes.ROOT);
            }
        }
    }

    private void content(long id) {
        KnownNode node = nodes.get(id);
        if (node != null) {
            node.changed();
            node.hasNoCapability(false);
        }
        device.invalidateContent(id);
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
