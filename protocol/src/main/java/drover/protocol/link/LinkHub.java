package drover.protocol.link;

import drover.model.NodeId;
import drover.protocol.mtls.TlsIdentity;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All links of this node: listens for other homes, and dials the nodes this home wants to use, one connection
/// per class. A connection becomes a [Link] after TLS 1.3 with both certificates checked and a HELLO with a
/// common version; anything else is refused with a logged reason and harms no other link.
///
/// Thread rule: any thread, but [#register] only before [#start].
public final class LinkHub implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LinkHub.class);
    private static final int CONNECT_TIMEOUT_MILLIS = 3_000;
    /// The newest version without compression.
    private static final int PLAIN_VERSION = FrameDecoder.COMPRESSED_VERSION - 1;
    static final String NEEDED_NO_MORE = "this node needs it no more";

    /// Two direct arenas of 1 MiB chunks for two event loops: the default of 4 MiB and two arenas a core costs
    /// a small daemon tens of MiB.
    private static final ByteBufAllocator BUFFERS = new PooledByteBufAllocator(true, 0, 2, 8192, 7, 64, 16, false);

    private record Key(NodeId node, LinkClass linkClass, boolean dialledHere) {
        static Key of(LinkChannel link) {
            return new Key(link.peer(), link.linkClass(), link.dialledHere());
        }
    }

    private final TlsIdentity identity;
    private final LinkConfig config;
    private final Function<NodeId, Optional<InetSocketAddress>> addresses;
    private final Map<LinkClass, LinkListener> listeners = new EnumMap<>(LinkClass.class);
    private final Map<Key, LinkChannel> links = new ConcurrentHashMap<>();
    private final Map<Key, Dialler> diallers = new ConcurrentHashMap<>();
    private final Set<LinkChannel> connections = ConcurrentHashMap.newKeySet();
    private final Refusals refusals = new Refusals();
    private final Unauthenticated unauthenticated;
    private final Compressor compressor = new Compressor();
    private final boolean epoll = Epoll.isAvailable();
    private final EventLoopGroup loops;
    private volatile boolean started;
    private Channel listening;

    /// Makes a hub that does nothing yet.
    ///
    /// @param addresses where a node listens for links; asked at every dial on an event loop, so it must not block
    public LinkHub(TlsIdentity identity, LinkConfig config, Function<NodeId, Optional<InetSocketAddress>> addresses) {
        this.identity = identity;
        this.config = config;
        this.addresses = addresses;
        this.unauthenticated =
                new Unauthenticated(config.unauthenticatedLimit(), config.unauthenticatedLimitPerAddress());
        if (!epoll) LOG.warn("epoll is not available ({}): links use NIO", String.valueOf(Epoll.unavailabilityCause()));
        IoHandlerFactory handlers = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        this.loops = new MultiThreadIoEventLoopGroup(
                config.eventLoopThreads(), new DefaultThreadFactory("link", true), handlers);
        IdleLoops.letSleep(loops);
    }

    /// Says where Zstandard's native library is, if it is: otherwise each start unpacks one into the folder of
    /// temporary files. Call before the first hub is made.
    public static void compressWith(Path library) {
        if (Files.isReadable(library)) System.setProperty("ZstdNativePath", library.toString());
    }

    /// Frames to send are best taken from here: a direct buffer is not copied on its way.
    public static ByteBufAllocator buffers() {
        return BUFFERS;
    }

    public void register(LinkClass linkClass, LinkListener listener) {
        if (started) throw new IllegalStateException("listeners are registered before the start");
        if (listeners.putIfAbsent(linkClass, listener) != null)
            throw new IllegalStateException(linkClass + " has a listener already");
    }

    /// Begins to listen.
    ///
    /// @throws IOException when the address cannot be bound
    public void start() throws IOException {
        started = true;
        var bootstrap = new ServerBootstrap()
                .group(loops)
                .channel(serverChannel())
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.SO_BACKLOG, 512)
                .option(ChannelOption.ALLOCATOR, BUFFERS)
                .childOption(ChannelOption.ALLOCATOR, BUFFERS)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childHandler(new Initializer(identity::nettyServer, Optional.empty()));
        if (epoll) for (var option : silence().entrySet()) bootstrap.childOption(option.getKey(), option.getValue());
        var bound = bootstrap.bind(config.listen()).awaitUninterruptibly();
        if (!bound.isSuccess())
            throw new IOException(
                    "cannot listen for links on " + config.listen() + ": "
                            + bound.cause().getMessage() + whyNotBound(bound.cause()),
                    bound.cause());
        listening = bound.channel();
        LOG.info("listening for links on {}", listening.localAddress());
    }

    private static String whyNotBound(Throwable cause) {
        String said = String.valueOf(cause.getMessage());
        if (said.contains("Cannot assign requested address"))
            return "; this machine does not have that address: configure one that it has";
        return said.contains("already in use") ? "; is another daemon running?" : "";
    }

    /// Where this node listens, with the real port.
    public InetSocketAddress listenAddress() {
        if (listening == null) throw new IllegalStateException("the hub is not started");
        return (InetSocketAddress) listening.localAddress();
    }

    /// Dials all registered classes of the node but those on demand, and again whenever one is lost, until [#drop].
    public void keep(NodeId node) {
        for (LinkClass linkClass : listeners.keySet()) if (!linkClass.isOnDemand()) keep(node, linkClass);
    }

    /// The same for one class.
    public void keep(NodeId node, LinkClass linkClass) {
        if (!started) throw new IllegalStateException("the hub is not started");
        diallers.computeIfAbsent(new Key(node, linkClass, true), key -> {
            var dialler = new Dialler(this, loops.next(), node, linkClass);
            dialler.start();
            return dialler;
        });
    }

    /// Dials the node no more, and closes the links dialled to it and what is to become one.
    public void drop(NodeId node) {
        for (LinkClass linkClass : listeners.keySet()) {
            Dialler dialler = diallers.remove(new Key(node, linkClass, true));
            if (dialler != null) dialler.stop();
        }
        for (LinkChannel link : connections) if (link.isDialledTo(node)) link.close(NEEDED_NO_MORE);
    }

    /// The link dialled by us, if it is up.
    public Optional<Link> link(NodeId node, LinkClass linkClass) {
        return up(new Key(node, linkClass, true));
    }

    /// The link dialled by that home, if it is up.
    public Optional<Link> linkFrom(NodeId home, LinkClass linkClass) {
        return up(new Key(home, linkClass, false));
    }

    private Optional<Link> up(Key key) {
        LinkChannel link = links.get(key);
        return link != null && link.isUp() ? Optional.of(link) : Optional.empty();
    }

    /// Cuts every link whose peer showed such a certificate. To keep it out, its
    /// [drover.protocol.mtls.Revocations] must name it first.
    public void disconnect(Predicate<X509Certificate> which, String reason) {
        for (LinkChannel link : connections)
            if (link.isCertified() && which.test(link.certificate())) link.close(reason);
    }

    @Override
    public void close() {
        diallers.values().forEach(Dialler::stop);
        if (listening != null) listening.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
        for (LinkChannel link : List.copyOf(connections)) link.close("this daemon stops");
        compressor.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
    }

    /// Says who knows how many tasks want each processor of this node: the more, the less is compressed.
    public void cpuDemand(DoubleSupplier demand) {
        compressor.cpuDemand(demand);
    }

    /// What was compressed by this node, on all its links.
    CompressionCounters compression() {
        return compressor.counters();
    }

    Compressor compressor() {
        return compressor;
    }

    TlsIdentity identity() {
        return identity;
    }

    LinkConfig config() {
        return config;
    }

    Unauthenticated unauthenticated() {
        return unauthenticated;
    }

    Optional<LinkListener> listener(LinkClass linkClass) {
        return Optional.ofNullable(listeners.get(linkClass));
    }

    Optional<InetSocketAddress> address(NodeId node) {
        return addresses.apply(node);
    }

    Hello.Greeting greeting(LinkClass linkClass) {
        int newest = FrameInflater.isAvailable() ? config.versionMax() : Math.min(config.versionMax(), PLAIN_VERSION);
        return new Hello.Greeting(
                config.versionMin(),
                Math.max(config.versionMin(), newest),
                linkClass,
                identity.clusterId(),
                identity.node());
    }

    /// Notes the link, and tells which one it replaces: that must be down before this one is up.
    Optional<LinkChannel> enter(LinkChannel link) {
        return Optional.ofNullable(links.put(Key.of(link), link));
    }

    /// Connections that are open or being made.
    int connectionCount() {
        return connections.size();
    }

    void leave(LinkChannel link) {
        links.remove(Key.of(link), link);
    }

    /// Whether the link that is about to go up is still needed.
    boolean wants(LinkChannel link) {
        if (!link.dialledHere()) return true;
        Dialler dialler = diallers.get(Key.of(link));
        if (dialler != null) dialler.succeeded();
        return dialler != null;
    }

    void complain(LinkChannel link, Optional<LinkChannel.Dialled> dialled, String reason) {
        Dialler dialler = dialled.map(to -> diallers.get(new Key(to.node(), to.linkClass(), true)))
                .orElse(null);
        if (dialled.isEmpty()) refusals.log(link.toString(), reason);
        else if (dialler != null) dialler.failed(reason);
    }

    Bootstrap bootstrap(LinkChannel.Dialled dialled) {
        var bootstrap = new Bootstrap()
                .channel(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
                .option(ChannelOption.ALLOCATOR, BUFFERS)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                .handler(new Initializer(identity::nettyClient, Optional.of(dialled)));
        if (epoll) for (var option : silence().entrySet()) bootstrap.option(option.getKey(), option.getValue());
        return bootstrap;
    }

    /// A peer that vanished without a word: unacknowledged data tells after the user timeout, an idle link after
    /// probes.
    private Map<ChannelOption<Integer>, Integer> silence() {
        int millis = (int) config.silenceTimeout().toMillis();
        int seconds = Math.max(1, millis / 1000);
        return Map.of(
                EpollChannelOption.TCP_USER_TIMEOUT,
                millis,
                EpollChannelOption.TCP_KEEPIDLE,
                seconds,
                EpollChannelOption.TCP_KEEPINTVL,
                Math.max(1, seconds / 3),
                EpollChannelOption.TCP_KEEPCNT,
                3);
    }

    private Class<? extends ServerChannel> serverChannel() {
        return epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    }

    private final class Initializer extends ChannelInitializer<Channel> {
        private final Supplier<SslContext> tls;
        private final Optional<LinkChannel.Dialled> dialled;

        Initializer(Supplier<SslContext> tls, Optional<LinkChannel.Dialled> dialled) {
            this.tls = tls;
            this.dialled = dialled;
        }

        @Override
        protected void initChannel(Channel channel) {
            SslHandler security = tls.get().newHandler(channel.alloc());
            security.setHandshakeTimeoutMillis(0); // LinkChannel bounds TLS and HELLO together
            var decoder = new FrameDecoder(Hello.LIMIT_BYTES);
            var link = new LinkChannel(LinkHub.this, decoder, dialled);
            channel.pipeline().addLast(security, decoder, link);
            connections.add(link);
            // a dial that fails was never active, and so is never inactive: only this tells of its end
            var _ = channel.closeFuture().addListener(_ -> connections.remove(link));
        }
    }
}
