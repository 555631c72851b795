package drover.daemon.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import drover.daemon.membership.wire.MemberAddress;
import drover.model.NodeId;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jgroups.Address;
import org.jgroups.View;
import org.junit.jupiter.api.Test;

class RosterTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000);
    private static final NodeId SELF = new NodeId("n1");
    private static final NodeId OTHER = new NodeId("n2");
    private static final Address OWN = address("n1", 1, NOW);

    private final Roster roster = new Roster(SELF, Map.of(), InstantSource.fixed(NOW));

    private static Address address(String node, int host, Instant started) {
        return new MemberAddress(
                        new NodeId(node),
                        new InetSocketAddress("127.0.0." + host, 7412),
                        new InetSocketAddress("127.0.0." + host, 7410))
                .toGroupAddress(started);
    }

    @Test
    void whoLeftForGoodStaysForgottenWhileViewsStillListIt() {
        Address other = address("n2", 2, NOW);
        View old = View.create(OWN, 1, OWN, other);
        roster.accept(old);
        roster.forget(OTHER);
        View merged = View.create(OWN, 2, OWN, other, address("n3", 3, NOW));
        for (View view : List.of(old, merged)) {
            assertEquals(
                    List.of(),
                    roster.accept(view).stream()
                            .filter(event -> event.node().equals(OTHER))
                            .toList());
            assertEquals(true, roster.get(OTHER).isEmpty());
            assertEquals(false, roster.peersOf(view).containsKey(OTHER), "not written to the file either");
        }
        assertEquals(Set.of(new NodeId("n3")), roster.peersOf(merged).keySet());
    }

    @Test
    void whoLeftForGoodIsSeenAgainWhenItStartsAgain() {
        Address other = address("n2", 2, NOW);
        roster.accept(View.create(OWN, 1, OWN, other));
        roster.forget(OTHER);
        Address again = address("n2", 2, NOW.plusSeconds(60));
        List<MembershipEvent> events = roster.accept(View.create(OWN, 2, OWN, other, again));
        assertEquals(
                OTHER,
                assertInstanceOf(MembershipEvent.Joined.class, events.getFirst())
                        .node());
        assertEquals(again, roster.address(OTHER).orElseThrow());
        assertEquals(
                Set.of(OTHER), roster.peersOf(View.create(OWN, 3, OWN, again)).keySet());
    }

    /// As after a pause: the others ended their links to it, and began new ones.
    @Test
    void whoEndedItsLastLinkAndBeganAnotherHangsWhenItIsLost() {
        Address other = address("n2", 2, NOW);
        roster.accept(View.create(OWN, 1, OWN, other));
        roster.linksEnded(other, OTHER);
        roster.linkBegan(other);
        roster.accept(View.create(OWN, 2, OWN));
        assertEquals(MemberState.HUNG, roster.get(OTHER).orElseThrow().state());
    }

    @Test
    void whoEndedItsLastLinkIsDownWhenItIsLost() {
        Address other = address("n2", 2, NOW);
        roster.accept(View.create(OWN, 1, OWN, other));
        roster.linksEnded(other, OTHER);
        roster.accept(View.create(OWN, 2, OWN));
        assertEquals(MemberState.DOWN, roster.get(OTHER).orElseThrow().state());
    }
}
