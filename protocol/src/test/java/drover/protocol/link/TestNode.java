package drover.protocol.link;

import drover.model.NodeId;
import drover.protocol.mtls.IdentityMaterial;
import drover.protocol.mtls.Revocations;
import drover.protocol.mtls.TlsIdentity;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;

/// A hub on loopback that echoes what homes send to it, and notes what it heard.
final class TestNode implements AutoCloseable {
    final NodeId id;
    final LinkHub hub;
    final TlsIdentity identity;
    final List<String> events = new CopyOnWriteArrayList<>();
    /// Those that are dialled without being asked for by name.
    static final List<LinkClass> CLASSES = Arrays.stream(LinkClass.values())
            .filter(linkClass -> !linkClass.isOnDemand())
            .toList();

    final List<byte[]> answers = new CopyOnWriteArrayList<>();
    volatile Runnable onAnswer;
    private final Map<NodeId, InetSocketAddress> addresses = new ConcurrentHashMap<>();

    TestNode(IdentityMaterial material, Revocations revocations, UnaryOperator<LinkConfig> change) throws IOException {
        identity = new TlsIdentity(material, revocations);
        id = identity.node();
        var listen = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        hub = new LinkHub(
                identity,
                change.apply(LinkConfig.listeningOn(listen)),
                node -> Optional.ofNullable(addresses.get(node)));
        for (LinkClass linkClass : LinkClass.values()) hub.register(linkClass, new Echo());
        hub.start();
    }

    TestNode(IdentityMaterial material) throws IOException {
        this(material, Revocations.NONE, UnaryOperator.identity());
    }

    void knows(TestNode other) {
        knows(other.id, other.hub.listenAddress());
    }

    void knows(NodeId node, InetSocketAddress address) {
        addresses.put(node, address);
    }

    /// A link can be sent on a moment before its listener is told: waits for both.
    Link awaitLink(NodeId node, LinkClass linkClass) throws InterruptedException {
        String end = " " + node + " " + linkClass + " true";
        var found = new AtomicReference<Link>();
        Waiting.until(() -> "a link from " + id + " to " + node + ", heard was " + events, () -> {
            String last = events.stream().filter(event -> event.endsWith(end)).reduce("", (_, later) -> later);
            if (!last.startsWith("up")) return false;
            found.set(hub.link(node, linkClass).orElse(null));
            return found.get() != null;
        });
        return found.get();
    }

    boolean hasHeardEveryEnd() {
        List<String> heard = List.copyOf(events);
        return heard.size()
                == 2 * heard.stream().filter(event -> event.startsWith("up")).count();
    }

    static ByteBuf frame(byte[] content) {
        return LinkHub.buffers().directBuffer(content.length).writeBytes(content);
    }

    @Override
    public void close() {
        hub.close();
    }

    private final class Echo implements LinkListener {
        @Override
        public void up(Link link) {
            events.add("up " + link.peer() + " " + link.linkClass() + " " + link.dialledHere());
        }

        @Override
        public void frame(Link link, ByteBuf frame) {
            if (link.dialledHere()) {
                Runnable instead = onAnswer;
                if (instead != null) {
                    instead.run();
                    return;
                }
                byte[] content = new byte[frame.readableBytes()];
                frame.getBytes(frame.readerIndex(), content);
                answers.add(content);
            } else {
                link.send(frame.retain());
            }
        }

        @Override
        public void down(Link link, String reason) {
            events.add("down " + link.peer() + " " + link.linkClass() + " " + link.dialledHere());
        }
    }
}
