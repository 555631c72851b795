package drover.daemon.security;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.jmdns.JmDNS;
import javax.jmdns.ServiceInfo;

/// Finds the authority's node on the local network by multicast DNS (RFC 6762, 6763), service `_drover._tcp`.
/// An answer is only a hint where to ask: the token's pinned hash decides whether it is the right one.
public final class LanDiscovery implements AutoCloseable {
    private static final String SERVICE = "_drover._tcp.local.";
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final int ANSWER_LIMIT = 8;

    private final JmDNS dns;

    private LanDiscovery(JmDNS dns) {
        this.dns = dns;
    }

    /// Tells the network that machines may join here, until it is closed.
    public static LanDiscovery advertise(InetAddress address, String node, int enrolPort, String clusterId)
            throws IOException {
        JmDNS dns = JmDNS.create(address, node);
        try {
            dns.registerService(ServiceInfo.create(SERVICE, node, enrolPort, 0, 0, Map.of("cluster", clusterId)));
        } catch (IOException e) {
            dns.close();
            throw e;
        }
        return new LanDiscovery(dns);
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
    public void close() throws IOException {
        dns.close();
    }
}
