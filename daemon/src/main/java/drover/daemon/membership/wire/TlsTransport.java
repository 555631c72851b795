package drover.daemon.membership.wire;

import drover.model.NodeId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import org.jgroups.Address;
import org.jgroups.Event;
import org.jgroups.PhysicalAddress;
import org.jgroups.View;
import org.jgroups.protocols.TP;
import org.jgroups.stack.IpAddress;
import org.jgroups.util.DefaultThreadFactory;
import org.jgroups.util.Tuple;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The group's transport: TCP with mutual TLS 1.3, one link in each direction between two nodes.
///
/// It replaces JGroups' own TCP, whose acceptor shakes hands one peer at a time while it holds locks that
/// senders need (docs/adr/0003-cold-start.md). A link that ends without a goodbye makes its peer suspect at
/// once, so a killed node is seen without waiting for heartbeats. A peer's name must be the one in its
/// certificate.
///
/// Thread rule: sending never blocks; frames are received on the virtual thread of their link.
public final class TlsTransport extends TP {
    static final int GOODBYE = 0;
    static final int FRAME_LIMIT_BYTES =
            1 << 18; // views of a few thousand members; larger messages are fragmented to 60 KB

    private static final Logger LOG = LoggerFactory.getLogger(TlsTransport.class);
    private static final int BACKLOG = 256; // a whole cluster dialling at once

    private final InetSocketAddress listenOn;
    private final MemberAddress self;
    private final TransportConfig config;
    private final TlsSockets tls;
    private final LinkObserver observer;
    private final Map<InetSocketAddress, Outbound> outbound = new ConcurrentHashMap<>();
    private final Set<Inbound> inbound = ConcurrentHashMap.newKeySet();
    private final Semaphore greeting;
    private final LongAdder sentBytes = new LongAdder();
    private final LongAdder receivedBytes = new LongAdder();
    private volatile boolean listening;
    /// Where the members of the last view are. The superclass' members are those of a view to come already, on the
    /// node that makes it.
    private Set<InetSocketAddress> places = Set.of();

    private ServerSocket server;
    private Future<?> looking;

    public TlsTransport(
            InetSocketAddress listenOn,
            MemberAddress self,
            SSLContext context,
            TransportConfig config,
            LinkObserver observer) {
        this.listenOn = listenOn;
        this.self = self;
        this.config = config;
        this.tls = new TlsSockets(context, config);
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
        super.init();
        timer.setThreadFactory(new DefaultThreadFactory("group-timer", true));
    }

    TransportConfig config() {
        return config;
    }

    TlsSockets tls() {
        return tls;
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
        Set<InetSocketAddress> left = places;
        places = next.getMembers().stream()
                .flatMap(member -> MemberAddress.of(member).stream())
                .map(MemberAddress::control)
                .collect(Collectors.toUnmodifiableSet());
        for (InetSocketAddress place : left) {
            if (places.contains(place)) continue; // it stayed, or started again meanwhile
            Outbound link = outbound.remove(place);
            if (link == null) continue;
            LOG.debug("ending the link to {}, who left", place);
            link.end();
            var _ = timer.schedule(link::close, config.handshakeTimeout().toMillis(), TimeUnit.MILLISECONDS, false);
        }
    }

    @Override
    public void sendUnicast(PhysicalAddress dest, byte[] data, int offset, int length) {
        if (!listening) return;
        if (length > FRAME_LIMIT_BYTES)
            throw new IllegalArgumentException("a frame of " + length + " bytes exceeds " + FRAME_LIMIT_BYTES);
        byte[] frame = new byte[length];
        System.arraycopy(data, offset, frame, 0, length);
        IpAddress ip = (IpAddress) dest;
        InetSocketAddress to = new InetSocketAddress(ip.getIpAddress(), ip.getPort());
        while (listening && !linkTo(to).offer(frame)) Thread.onSpinWait(); // that link was just ending: take a new one
    }

    private Outbound linkTo(InetSocketAddress to) {
        return outbound.computeIfAbsent(to, address -> {
            Outbound link = new Outbound(address, this, config, () -> isMember(address));
            link.start();
            return link;
        });
    }

    private boolean isMember(InetSocketAddress address) {
        PhysicalAddress physical = MemberAddress.physical(address);
        for (Address member : members) if (physical.equals(getPhysicalAddressFromCache(member))) return true;
        return false;
    }

    @Override
    protected void handleConnect() throws Exception {
        server = new ServerSocket();
        server.setReuseAddress(true);
        server.bind(listenOn, BACKLOG);
        listening = true;
        Thread.ofVirtual().name("group-accept").start(() -> accept(server));
        long idleMs = config.idleTimeout().toMillis();
        looking = timer.scheduleWithFixedDelay(
                () -> outbound.values().forEach(Outbound::endIfIdle), idleMs, idleMs, TimeUnit.MILLISECONDS, false);
        super.handleConnect();
    }

    @Override
    protected void handleDisconnect() {
        super.handleDisconnect();
        listening = false;
        if (looking != null) looking.cancel(false);
        try {
            if (server != null) server.close();
        } catch (IOException e) {
            LOG.debug("closing the listener: {}", e.toString());
        }
        List.copyOf(outbound.values()).forEach(Outbound::close);
        List.copyOf(inbound).forEach(Inbound::close);
    }

    private void accept(ServerSocket from) {
        while (listening) {
            try {
                Socket plain = from.accept();
                if (!greeting.tryAcquire()) {
                    LOG.warn(
                            "refused a link from {}: {} others have not yet said who they are",
                            plain.getRemoteSocketAddress(),
                            config.greetingConnections());
                    plain.close();
                    continue;
                }
                Inbound link = new Inbound(plain, this);
                inbound.add(link);
                Thread.ofVirtual()
                        .name("group-from-" + plain.getRemoteSocketAddress())
                        .start(link);
            } catch (IOException e) {
                if (!listening) return;
                LOG.warn("accepting a link failed, trying on: {}", e.toString());
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(100); // out of descriptors, most likely: let some be closed
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
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

    void ended(Inbound link, boolean wasGreeted, boolean saidGoodbye) {
        inbound.remove(link);
        if (!wasGreeted) greeting.release();
        Address peer = link.peer();
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
