package drover.daemon.membership.wire;

import drover.model.NodeId;
import drover.protocol.link.LinkHub;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jgroups.Address;
import org.jgroups.Event;
import org.jgroups.PhysicalAddress;
import org.jgroups.View;
import org.jgroups.protocols.TP;
import org.jgroups.stack.IpAddress;
import org.jgroups.util.DefaultThreadFactory;
import org.jgroups.util.TimeScheduler3;
import org.jgroups.util.Tuple;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The group's transport: TCP with mutual TLS 1.3, one link in each direction between two nodes.
///
/// It replaces JGroups' own TCP, whose acceptor shakes hands one peer at a time while it holds locks that
/// senders need (docs/adr/0003-cold-start.md). A link that ends without a goodbye makes its peer suspect at
/// once, so a killed node is seen without waiting for heartbeats. A peer's name must be the one in its
/// certificate.
///
/// What nodes say all the time, that they live and how loaded they are, does not go through the group's protocols: it
/// is a [Word], one frame.
///
/// Thread rule: sending never blocks and may be done by any thread. One thread has all links; words are heard on it.
public final class TlsTransport extends TP {
    static final int GOODBYE = 0;
    static final int FRAME_LIMIT_BYTES =
            1 << 18; // views of a few thousand members; larger messages are fragmented to 60 KB

    private static final Logger LOG = LoggerFactory.getLogger(TlsTransport.class);
    private static final int BACKLOG = 256; // a whole cluster dialling at once

    private final InetSocketAddress listenOn;
    private final MemberAddress self;
    private final TransportConfig config;
    private final LinkTls tls;
    private final LinkObserver observer;
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(
            1, new io.netty.util.concurrent.DefaultThreadFactory("group", true), NioIoHandler.newFactory());
    private final EventLoop loop = loops.next();
    private final Map<InetSocketAddress, Outbound> outbound = new ConcurrentHashMap<>();
    private final Set<Inbound> inbound = ConcurrentHashMap.newKeySet();
    private final Map<Word, WordListener> listeners = new ConcurrentHashMap<>();
    private final List<Runnable> beats = new CopyOnWriteArrayList<>();
    private final Semaphore greeting;
    private final LongAdder sentBytes = new LongAdder();
    private final LongAdder receivedBytes = new LongAdder();
    private volatile boolean listening;
    /// Where the members of the last view are. The superclass' members are those of a view to come already, on the
    /// node that makes it.
    private volatile Map<Address, InetSocketAddress> places = Map.of();

    private @Nullable Channel server;
    private @Nullable Future<?> looking;
    private @Nullable Future<?> beating;

    public TlsTransport(
            InetSocketAddress listenOn,
            MemberAddress self,
            LinkTls tls,
            TransportConfig config,
            LinkObserver observer) {
        this.listenOn = listenOn;
        this.self = self;
        this.config = config;
        this.tls = tls;
        this.observer = observer;
        this.greeting = new Semaphore(config.greetingConnections());
        setBindAddr(listenOn.getAddress());
        setBindPort(listenOn.getPort());
        setBundlerType("no-bundler"); // each link's own queue joins what is waiting
        setTimeServiceInterval(5000); // read only to expire connections after minutes; a tick wakes the process
        useVirtualThreads(true);
    }

    /// The timer's own thread is a platform thread: it sleeps and wakes by one system call each, a virtual one wakes
    /// two others. Its tasks are short, or are handed on.
    @Override
    public void init() throws Exception {
        timer = new TimeScheduler3(getThreadPool(), new DefaultThreadFactory("group-timer", true), false);
        super.init();
    }

    TransportConfig config() {
        return config;
    }

    LinkTls tls() {
        return tls;
    }

    /// The thread that has all links. What is done on it must not block.
    EventLoop loop() {
        return loop;
    }

    /// Has the group's thread do this with each beat while this node is in the group. All such tasks share one wake-up;
    /// none may block.
    public void eachBeat(Runnable task) {
        beats.add(task);
    }

    void listen(Word word, WordListener listener) {
        listeners.put(word, listener);
    }

    /// Says who hears the facts that other members tell.
    public void hearFacts(WordListener listener) {
        listen(Word.FACT, listener);
    }

    @Override
    public String getName() {
        return "TlsTransport";
    }

    @Override
    public boolean supportsMulticasting() {
        return false;
    }

    @Override
    protected PhysicalAddress getPhysicalAddress() {
        return MemberAddress.physical(self.control());
    }

    @Override
    public PhysicalAddress getPhysicalAddressFromCache(Address logical) {
        if (logical == null) return null;
        return MemberAddress.of(logical)
                .<PhysicalAddress>map(member -> MemberAddress.physical(member.control()))
                .orElseGet(() -> super.getPhysicalAddressFromCache(logical));
    }

    @Override
    public Object down(Event event) {
        if (event.getType() == Event.VIEW_CHANGE) {
            View next = event.getArg();
            for (Address member : next.getMembers()) {
                PhysicalAddress physical = getPhysicalAddressFromCache(member);
                if (physical != null) super.down(new Event(Event.ADD_PHYSICAL_ADDRESS, new Tuple<>(member, physical)));
            }
            Object result = super.down(event);
            endLinksToWhoLeft(next);
            return result;
        }
        return super.down(event);
    }

    /// Who was cut off has connections on which nothing is acknowledged: when it is back, TCP waits as long again as
    /// it was away before it tries once more. So whatever is sent there from now on takes a new link. If it did
    /// live, it gets what was queued for it.
    private synchronized void endLinksToWhoLeft(View next) {
        Map<Address, InetSocketAddress> before = places;
        Map<Address, InetSocketAddress> now = next.getMembers().stream()
                .flatMap(address ->
                        MemberAddress.of(address).map(member -> Map.entry(address, member.control())).stream())
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
        places = now;
        for (InetSocketAddress place : Set.copyOf(before.values())) {
            if (now.containsValue(place)) continue; // it stayed, or started again meanwhile
            Outbound link = outbound.remove(place);
            if (link == null) continue;
            LOG.debug("ending the link to {}, who left", place);
            link.end();
            var _ = loop.schedule(link::close, config.handshakeTimeout().toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public void sendUnicast(PhysicalAddress dest, byte[] data, int offset, int length) {
        byte[] copy = new byte[length]; // the caller uses its buffer again
        System.arraycopy(data, offset, copy, 0, length);
        IpAddress ip = (IpAddress) dest;
        queue(new InetSocketAddress(ip.getIpAddress(), ip.getPort()), Word.GROUP, copy);
    }

    /// Says a word to a node, once. It may be lost with the link.
    void say(Address to, Word word, byte[] body) {
        InetSocketAddress place = places.get(to);
        if (place != null) queue(place, word, body);
        else MemberAddress.of(to).ifPresent(member -> queue(member.control(), word, body));
    }

    /// Tells a member a fact, once. It may be lost with the link.
    public void tell(Address to, byte[] fact) {
        say(to, Word.FACT, fact);
    }

    private void queue(InetSocketAddress to, Word word, byte[] body) {
        if (body.length >= FRAME_LIMIT_BYTES)
            throw new IllegalArgumentException("a frame of " + body.length + " bytes exceeds " + FRAME_LIMIT_BYTES);
        while (listening) {
            Outbound link = outbound.computeIfAbsent(
                    to, address -> new Outbound(address, this, config, () -> isMember(address)));
            if (link.offer(word, body)) return;
            outbound.remove(to, link); // that link is just ending: take a new one
        }
    }

    private boolean isMember(InetSocketAddress address) {
        PhysicalAddress physical = MemberAddress.physical(address);
        for (Address member : members) if (physical.equals(getPhysicalAddressFromCache(member))) return true;
        return false;
    }

    /// Dials; the handler is behind TLS.
    ChannelFuture dial(InetSocketAddress to, ChannelHandler handler) {
        return new Bootstrap()
                .group(loop)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.ALLOCATOR, LinkHub.buffers())
                .option(ChannelOption.TCP_NODELAY, true)
                .option(
                        ChannelOption.CONNECT_TIMEOUT_MILLIS,
                        Math.toIntExact(config.connectTimeout().toMillis()))
                .handler(new Dialling(handler))
                .connect(to);
    }

    @Override
    protected void handleConnect() throws Exception {
        ChannelFuture bound = new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.ALLOCATOR, LinkHub.buffers())
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new Accepting())
                .bind(listenOn)
                .awaitUninterruptibly();
        if (!bound.isSuccess())
            throw new IOException(
                    "cannot listen on " + listenOn + ": " + bound.cause().getMessage(), bound.cause());
        server = bound.channel();
        listening = true;
        long idleMs = config.idleTimeout().toMillis();
        looking = loop.scheduleWithFixedDelay(
                () -> outbound.values().forEach(Outbound::endIfIdle), idleMs, idleMs, TimeUnit.MILLISECONDS);
        long beatMs = config.beat().toMillis();
        beating = loop.scheduleWithFixedDelay(this::beat, beatMs, beatMs, TimeUnit.MILLISECONDS);
        super.handleConnect();
    }

    private void beat() {
        for (Runnable task : beats) {
            try {
                task.run();
            } catch (RuntimeException e) {
                LOG.error("a task of this beat failed", e);
            }
        }
    }

    @Override
    protected void handleDisconnect() {
        super.handleDisconnect();
        listening = false;
        if (looking != null) looking.cancel(false);
        if (beating != null) beating.cancel(false);
        if (server != null) server.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
        List.copyOf(outbound.values()).forEach(Outbound::close);
        List.copyOf(inbound).forEach(Inbound::close);
    }

    @Override
    public void destroy() {
        super.destroy();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
    }

    /// A daemon that hangs has its kernel take the connection, and answers as soon as it goes on: it is waited for. To
    /// dial it again and again would leave it a queue of connections that nobody wants any more.
    private final class Dialling extends ChannelInitializer<Channel> {
        private final ChannelHandler handler;

        Dialling(ChannelHandler handler) {
            this.handler = handler;
        }

        @Override
        protected void initChannel(Channel channel) {
            channel.pipeline().addLast(tls.diallingHandler(channel.alloc(), config.idleTimeout()), handler);
        }
    }

    private final class Accepting extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel channel) {
            if (!greeting.tryAcquire()) {
                LOG.warn(
                        "refused a link from {}: {} others have not yet said who they are",
                        channel.remoteAddress(),
                        config.greetingConnections());
                var _ = channel.close();
                return;
            }
            Inbound link = new Inbound(channel, TlsTransport.this);
            inbound.add(link);
            channel.pipeline().addLast(tls.acceptingHandler(channel.alloc(), config.handshakeTimeout()), link);
        }
    }

    void heard(Word word, Address from, NodeId node, byte[] body) {
        WordListener listener = listeners.get(word);
        if (listener != null) listener.heard(from, node, body);
    }

    void greeted(Inbound link, Greeting hello) {
        greeting.release();
        LOG.debug("link from {} at {}", hello.sender().node(), hello.sender().control());
        for (Inbound other : inbound)
            if (other != link && isFrom(other, hello.sender().node())) other.probe();
        observer.linkBegan(hello.address());
    }

    private static boolean isFrom(Inbound link, NodeId node) {
        Address peer = link.peer();
        return peer != null && MemberAddress.of(peer).map(MemberAddress::node).equals(Optional.of(node));
    }

    void ended(Inbound link, boolean saidGoodbye) {
        inbound.remove(link);
        Address peer = link.peer();
        if (peer == null) greeting.release();
        if (peer == null || !listening || hasOtherLinkFrom(peer)) return;
        observer.lastLinkEnded(peer);
        if (saidGoodbye || !members.contains(peer) || up_prot == null) return;
        LOG.debug("link from {} broke: suspecting it", peer);
        Event suspect = new Event(Event.SUSPECT, List.of(peer));
        Thread.ofVirtual().name("group-suspect").start(() -> up_prot.up(suspect));
    }

    private boolean hasOtherLinkFrom(Address peer) {
        for (Inbound other : inbound) if (peer.equals(other.peer())) return true;
        return false;
    }

    void ended(InetSocketAddress to, Outbound link) {
        outbound.remove(to, link);
    }

    void refused(InetSocketAddress to) {
        if (!listening) return;
        observer.refused(to);
        RingDetector detector = stack.findProtocol(RingDetector.class);
        if (detector != null) detector.refused(to);
    }

    /// Whether some peer is there with whom the handshake is not finished.
    boolean isGreetingSomebody() {
        return outbound.values().stream().anyMatch(Outbound::isGreeting);
    }

    /// Closes all links whose peer showed a certificate that `which` accepts, as when it was revoked.
    public void cut(Predicate<X509Certificate> which) {
        outbound.values().forEach(link -> link.cutIf(which));
        inbound.forEach(link -> link.cutIf(which));
    }

    void countSent(int bytes) {
        sentBytes.add(bytes);
    }

    void countReceived(int bytes) {
        receivedBytes.add(bytes);
    }

    /// Bytes sent before encryption, since the start.
    public long sentByteCount() {
        return sentBytes.sum();
    }

    /// Bytes received after decryption, since the start.
    public long receivedByteCount() {
        return receivedBytes.sum();
    }
}
