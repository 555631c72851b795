package drover.daemon.security;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import javax.jmdns.JmDNS;
import javax.jmdns.ServiceInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds the authority's node on the local network by multicast DNS (RFC 6762, 6763), service `_drover._tcp`.
/// An answer
/// is
/// only a hint where to ask: the token's pinned hash decides whether it is the right one.
public final class LanDiscovery implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LanDiscovery.class);
    private static final String SERVICE = "_drover._tcp.local.";
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final int ANSWER_LIMIT = 8;

    private final CompletableFuture<JmDNS> dns = new CompletableFuture<>();

    private LanDiscovery() {}

    /// Tells the network that machines may join here, until it is closed. Returns at once: making sure that nobody else
    /// has
    /// the name takes seconds, and nothing waits for it.
    public static LanDiscovery advertise(InetAddress address, String node, int enrolPort, String clusterId) {
        LanDiscovery discovery = new LanDiscovery();
        Thread.ofVirtual().name("mdns").start(() -> {
            try {
                JmDNS dns = JmDNS.create(address, node);
                discovery.dns.complete(dns);
                dns.registerService(ServiceInfo.create(SERVICE, node, enrolPort, 0, 0, Map.of("cluster", clusterId)));
            } catch (IOException | RuntimeException e) {
                LOG.info("not found by mDNS, so joining needs an address: {}", e.getMessage());
                discovery.dns.completeExceptionally(e);
            }
        });
        return discovery;
    }

    /// Asks who lets machines join; takes some seconds.
    static List<HostPort> find(InetAddress from) throws IOException {
        var found = new ArrayList<HostPort>();
        try (JmDNS dns = JmDNS.create(from)) {
            for (ServiceInfo service : dns.list(SERVICE, PATIENCE.toMillis()))
                for (InetAddress address : service.getInet4Addresses())
                    if (found.size() < ANSWER_LIMIT)
                        found.add(new HostPort(address.getHostAddress(), service.getPort()));
        }
        return found;
    }

    @Override
    public void close() {
        var _ = dns.thenAccept(LanDiscovery::end);
    }

    private static void end(JmDNS dns) {
        try {
            dns.close();
        } catch (IOException e) {
            LOG.debug("the end of mDNS: {}", e.toString());
        }
    }
}
