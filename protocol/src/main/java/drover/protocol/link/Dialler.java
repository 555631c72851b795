package drover.protocol.link;

import drover.model.NodeId;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps one class of link to one node: dials, and dials again after a growing pause, until it is stopped.
/// Thread rule: all of it runs on one event loop, except [#stop].
final class Dialler {
    private static final Logger LOG = LoggerFactory.getLogger(Dialler.class);

    private final LinkHub hub;
    private final EventLoop loop;
    private final NodeId node;
    private final LinkClass linkClass;
    private volatile boolean stopped;
    private Duration pause;
    private String lastReason = "";

    Dialler(LinkHub hub, EventLoop loop, NodeId node, LinkClass linkClass) {
        this.hub = hub;
        this.loop = loop;
        this.node = node;
        this.linkClass = linkClass;
        this.pause = hub.config().backoffMin();
    }

    void start() {
        loop.execute(this::dial);
    }

    void stop() {
        stopped = true;
    }

    boolean isStopped() {
        return stopped;
    }

    private void dial() {
        if (stopped) return;
        Optional<InetSocketAddress> address = hub.address(node);
        if (address.isEmpty()) {
            failed("its address is not known");
            again();
            return;
        }
        InetSocketAddress resolved = address.get().isUnresolved()
                ? new InetSocketAddress(
                        address.get().getHostString(), address.get().getPort())
                : address.get();
        if (resolved.isUnresolved()) {
            failed("its address '" + resolved.getHostString() + "' cannot be resolved");
            again();
            return;
        }
        long begun = System.nanoTime();
        Bootstrap bootstrap = hub.bootstrap(new LinkChannel.Dialled(node, linkClass));
        var _ = bootstrap.group(loop).connect(resolved).addListener((ChannelFuture connected) -> {
            if (!connected.isSuccess()) {
                failed(String.valueOf(connected.cause().getMessage()));
                again();
                return;
            }
            if (stopped) {
                var _ = connected.channel().close();
            }
            var _ = connected.channel().closeFuture().addListener(_ -> {
                // a link that held shows that the node is well: find it again at once
                if (System.nanoTime() - begun > hub.config().backoffMax().toNanos())
                    pause = hub.config().backoffMin();
                again();
            });
        });
    }

    private void again() {
        if (stopped) return;
        long millis = pause.toMillis();
        long jittered = ThreadLocalRandom.current().nextLong(millis * 3 / 4, millis * 5 / 4 + 1);
        Duration doubled = pause.multipliedBy(2);
        pause = doubled.compareTo(hub.config().backoffMax()) > 0 ? hub.config().backoffMax() : doubled;
        try {
            var _ = loop.schedule(this::dial, jittered, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            stopped = true; // the hub is closed
        }
    }

    /// Logs a reason once, not at every attempt.
    void failed(String reason) {
        if (stopped || reason.equals(lastReason)) return;
        lastReason = reason;
        LOG.warn("no link to {} ({}): {}; dialling goes on", node, linkClass, reason);
    }

    void succeeded() {
        lastReason = "";
    }
}
