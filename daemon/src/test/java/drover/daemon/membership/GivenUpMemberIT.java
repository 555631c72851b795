package drover.daemon.membership;

import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.daemon.membership.wire.LinkObserver;
import drover.daemon.membership.wire.MemberAddress;
import drover.daemon.membership.wire.TlsTransport;
import drover.daemon.membership.wire.TransportConfig;
import drover.model.NodeId;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.jgroups.Address;
import org.jgroups.Event;
import org.jgroups.JChannel;
import org.jgroups.protocols.pbcast.GMS;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Three members in one process. The third is given up though it is well, as one that was cut off: nobody may talk
/// to it over connections of before.
class GivenUpMemberIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int COUNT = 3;

    private final TestCertificates authority = new TestCertificates();
    private final List<JChannel> channels = new ArrayList<>();
    /// How many links from each member the third has seen begin.
    private final Map<Address, Integer> begunAtLast = new ConcurrentHashMap<>();

    @TempDir
    private Path dir;

    @BeforeEach
    void threeMembers() throws Exception {
        for (int i = 1; i <= COUNT; i++) {
            JChannel channel = channel(i);
            channels.add(channel);
            channel.connect("test");
        }
        await(
                "all see each other",
                () -> channels.stream().allMatch(channel -> channel.getView().size() == COUNT));
    }

    @AfterEach
    void close() {
        channels.reversed().forEach(JChannel::close);
    }

    private JChannel channel(int number) throws Exception {
        NodeId node = new NodeId("n" + number);
        InetSocketAddress at = place(number);
        InetSocketAddress data = new InetSocketAddress(at.getAddress(), 7410);
        MembershipConfig config = MembershipConfig.of("test", node, at, at, data);
        MemberAddress self = new MemberAddress(node, at, data);
        LinkObserver observer = number == COUNT ? new Counting() : new Deaf();
        TlsTransport transport = new TlsTransport(
                at, self, TestCertificates.links(authority.write(dir, node.name())), TransportConfig.DEFAULT, observer);
        List<InetSocketAddress> known = number == 1 ? List.of() : List.of(place(1));
        JChannel channel = GroupStack.channel(config, transport, () -> known);
        channel.addAddressGenerator(() -> self.toGroupAddress(Instant.now()));
        return channel;
    }

    private static InetSocketAddress place(int number) {
        return new InetSocketAddress("127.0.91." + number, 7412);
    }

    private static class Deaf implements LinkObserver {
        @Override
        public void linkBegan(Address peer) {}

        @Override
        public void lastLinkEnded(Address peer) {}

        @Override
        public void refused(InetSocketAddress address) {}
    }

    private final class Counting extends Deaf {
        @Override
        public void linkBegan(Address peer) {
            begunAtLast.merge(peer, 1, Integer::sum);
        }
    }

    private void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue(
                    System.nanoTime() - deadline < 0,
                    () -> "not within " + PATIENCE + ": " + what + "; links begun: " + begunAtLast + ", views "
                            + channels.stream().map(JChannel::getView).toList());
            Thread.sleep(20);
        }
    }

    @Test
    void theCoordinatorAndTheOthersTakeNewLinksToIt() throws Exception {
        JChannel coordinator = channels.getFirst();
        JChannel ordinary = channels.get(1);
        JChannel third = channels.getLast();
        for (JChannel channel : List.of(coordinator, ordinary))
            channel.send(third.getAddress(), "a word, so that there is a link");
        for (JChannel channel : List.of(coordinator, ordinary))
            await("a link from " + channel.getAddress(), () -> begunAtLast.containsKey(channel.getAddress()));
        Map<Address, Integer> before = Map.copyOf(begunAtLast);
        GMS views = coordinator.getProtocolStack().findProtocol(GMS.class);
        views.up(new Event(Event.SUSPECT, List.of(third.getAddress())));
        for (JChannel channel : List.of(coordinator, ordinary))
            await(
                    "a new link from " + channel.getAddress(),
                    () -> begunAtLast.get(channel.getAddress()) > before.get(channel.getAddress()));
        await(
                "all see each other again",
                () -> channels.stream().allMatch(channel -> channel.getView().size() == COUNT));
    }
}
