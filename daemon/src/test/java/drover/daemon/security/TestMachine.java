package drover.daemon.security;

import drover.model.NodeId;
import drover.protocol.link.Link;
import drover.protocol.link.LinkClass;
import drover.protocol.link.LinkConfig;
import drover.protocol.link.LinkHub;
import drover.protocol.link.LinkListener;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// A machine with its own directories on this one, its real security and its real links.
public final class TestMachine implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    final SecurityPlaces places;
    final Enrolment enrolment;
    public final String name;
    final List<EnrolledNode> joined = new CopyOnWriteArrayList<>();
    NodeSecurity security;
    public LinkHub hub;
    private final Map<NodeId, InetSocketAddress> addresses = new ConcurrentHashMap<>();

    public TestMachine(Path root, String name) throws IOException {
        this.name = name;
        places = new SecurityPlaces(root.resolve(name).resolve("drover.properties"), root.resolve(name));
        enrolment = new Enrolment(places, InstantSource.system());
        Files.createDirectories(places.state());
    }

    /// Makes a cluster whose enrolment port is any free one.
    static TestMachine first(Path root, Duration certificateLife) throws Exception {
        var first = new TestMachine(root, "n1");
        first.startFirst(certificateLife, hub -> hub.register(LinkClass.JOBS, new Silent()));
        return first;
    }

    /// Makes a cluster, and starts as its first machine.
    ///
    /// @param listeners registers who hears of its links
    public void startFirst(Duration certificateLife, Consumer<LinkHub> listeners) throws IOException, SecurityFailure {
        init(certificateLife);
        start(listeners);
        Files.writeString(places.enrolment(), enrolmentAddress() + "\n");
    }

    /// A token for one machine more.
    public String token() throws IOException, SecurityFailure {
        return enrolment.token(Duration.ofHours(1), 1);
    }

    void init(Duration certificateLife) throws IOException, SecurityFailure {
        enrolment.init(Optional.of(name), Optional.of("127.0.0.1"), "test", certificateLife);
    }

    String enrolmentAddress() {
        return "127.0.0.1:" + security.enrolmentAddress().orElseThrow().getPort();
    }

    public void join(TestMachine first, String token) throws IOException, SecurityFailure {
        enrolment.join(Optional.of(first.enrolmentAddress()), token, Optional.of(name), Optional.of("127.0.0.1"));
    }

    void start() throws IOException, SecurityFailure {
        start(it -> it.register(LinkClass.JOBS, new Silent()));
    }

    /// Starts.
    ///
    /// @param listeners registers who hears of its links
    public void start(Consumer<LinkHub> listeners) throws IOException, SecurityFailure {
        security = NodeSecurity.open(places, InstantSource.system());
        var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        hub = new LinkHub(
                security.identity(), LinkConfig.listeningOn(any), node -> Optional.ofNullable(addresses.get(node)));
        listeners.accept(hub);
        hub.start();
        security.start(hub, any, joined::add);
    }

    public void dial(TestMachine other) {
        addresses.put(new NodeId(other.name), other.hub.listenAddress());
        hub.keep(new NodeId(other.name));
    }

    public boolean isLinkedTo(TestMachine other) {
        return hub.link(new NodeId(other.name), LinkClass.JOBS).isPresent()
                && other.hub.linkFrom(new NodeId(name), LinkClass.JOBS).isPresent();
    }

    public static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) throw new AssertionError("did not happen within " + LIMIT + ": " + what);
            Thread.sleep(10);
        }
    }

    @Override
    public void close() {
        if (security != null) security.close();
        if (hub != null) hub.close();
    }

    private static final class Silent implements LinkListener {
        @Override
        public void up(Link link) {}

        @Override
        public void frame(Link link, ByteBuf frame) {}

        @Override
        public void down(Link link, String reason) {}
    }
}
