package drover.policy.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.LoadVector;
import drover.model.NodeId;
import drover.policy.placement.ClusterView.Candidate;
import drover.policy.placement.PlacementDecision.Impossible;
import drover.policy.placement.PlacementDecision.Place;
import drover.policy.placement.PlacementDecision.Wait;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PlacementPolicyTest {
    private static final long GIB = 1L << 30;
    private static final PlacementRequest ANYWHERE = new PlacementRequest(Set.of(), 0, Set.of());

    private static Candidate candidate(String name, double speed, double tasks, int busy) {
        LoadVector load = new LoadVector(speed, 1, tasks, 2 * GIB, GIB, 0, 0, busy, 1, 1);
        return new Candidate(new NodeId(name), load, busy, 0, busy, 0);
    }

    private static PlacementDecision decide(PlacementRequest request, Candidate... candidates) {
        return PlacementPolicy.decide(
                new ClusterView(new NodeId("n1"), List.of(candidates)), request, 100, new Random(1));
    }

    @Test
    void theIdleNodeIsTaken() {
        Place place = assertInstanceOf(
                Place.class,
                decide(ANYWHERE, candidate("n1", 1, 2, 1), candidate("n2", 1, 0, 0), candidate("n3", 1, 3, 1)));
        assertEquals(new NodeId("n2"), place.node());
        assertTrue(place.reason().contains("n2 costs least"), place.reason());
    }

    @Test
    void aFastNodeWithOneTaskBeatsASlowIdleOne() {
        Place place =
                assertInstanceOf(Place.class, decide(ANYWHERE, candidate("n2", 10, 1, 1), candidate("n3", 0.5, 0, 0)));
        assertEquals(new NodeId("n2"), place.node());
    }

    @Test
    void aShareOfACoreTakesOneBusyGuestAndACoreOneMore() {
        assertEquals(1, PlacementPolicy.busyLimit(0.1));
        assertEquals(2, PlacementPolicy.busyLimit(1));
        assertEquals(4, PlacementPolicy.busyLimit(2.5));
        LoadVector tenth = new LoadVector(1, 0.1, 1, 2 * GIB, GIB, 0, 0, 1, 1, 1);
        Candidate busy = new Candidate(new NodeId("n2"), tenth, 1, 0, 1, 0);
        assertInstanceOf(Wait.class, decide(ANYWHERE, busy));
    }

    @Test
    void aNodeThatTakesNoGuestsGetsNone() {
        Candidate idle = candidate("n2", 1, 0, 0);
        Candidate closed = new Candidate(idle.node(), idle.load(), 0, 0, 0, 0, "is being drained");
        Place place = assertInstanceOf(Place.class, decide(ANYWHERE, closed, candidate("n3", 1, 1, 1)));
        assertEquals(new NodeId("n3"), place.node());
        Wait wait = assertInstanceOf(Wait.class, decide(ANYWHERE, closed));
        assertEquals("no node that it may use takes guests now", wait.reason());
        assertEquals("is being drained", wait.offers().getFirst().remark());
    }

    @Test
    void whoHasToLeaveCrowdsANode() {
        Candidate crowded = candidate("n2", 1, 9, 9);
        assertInstanceOf(Wait.class, decide(ANYWHERE, crowded));
        assertInstanceOf(Place.class, decide(new PlacementRequest(Set.of(), 0, Set.of(), true), crowded));
    }

    @Test
    void homeWinsATie() {
        Place place = assertInstanceOf(
                Place.class,
                decide(ANYWHERE, candidate("n0", 1, 0, 0), candidate("n1", 1, 0, 0), candidate("n2", 1, 0, 0)));
        assertEquals(new NodeId("n1"), place.node());
    }

    @Test
    void tiesAmongOthersAreDrawnSoThatNoNodeIsFlooded() {
        Map<NodeId, Integer> chosen = new HashMap<>();
        Random random = new Random(7);
        List<Candidate> idle = new ArrayList<>();
        for (int i = 2; i <= 9; i++) idle.add(candidate("n" + i, 1, 0, 0));
        for (int i = 0; i < 800; i++) {
            Place place =
                    (Place) PlacementPolicy.decide(new ClusterView(new NodeId("n1"), idle), ANYWHERE, 100, random);
            chosen.merge(place.node(), 1, Integer::sum);
        }
        assertEquals(8, chosen.size());
        chosen.forEach((node, times) -> assertTrue(times > 60, node + " was chosen " + times + " times of 800"));
    }

    @Test
    void guestsThatTheLoadVectorCannotKnowYetCount() {
        LoadVector idle = new LoadVector(1, 1, 0, 2 * GIB, GIB, 0, 0, 0, 1, 1);
        Candidate justGiven = new Candidate(new NodeId("n2"), idle, 1, 1, 1, 0);
        Place place = assertInstanceOf(Place.class, decide(ANYWHERE, justGiven, candidate("n3", 1, 0, 0)));
        assertEquals(new NodeId("n3"), place.node());
    }

    @Test
    void fullNodesMakeTheJobWait() {
        assertInstanceOf(Wait.class, decide(ANYWHERE, candidate("n1", 1, 2, 2), candidate("n2", 1, 2, 2)));
    }

    @Test
    void memoryThatNoNodeHasIsImpossibleAndMemoryInUseIsWaitedFor() {
        Candidate node = candidate("n2", 1, 0, 0);
        assertInstanceOf(Impossible.class, decide(new PlacementRequest(Set.of(), 3 * GIB, Set.of()), node));
        assertInstanceOf(Wait.class, decide(new PlacementRequest(Set.of(), GIB, Set.of()), node));
        assertInstanceOf(Place.class, decide(new PlacementRequest(Set.of(), GIB / 2, Set.of()), node));
    }

    @Test
    void onlyAllowedNodesAreUsedAndNoneMeansImpossible() {
        Candidate n2 = candidate("n2", 1, 5, 1);
        Candidate n3 = candidate("n3", 1, 0, 0);
        Place place = assertInstanceOf(
                Place.class, decide(new PlacementRequest(Set.of(new NodeId("n2")), 0, Set.of()), n2, n3));
        assertEquals(new NodeId("n2"), place.node());
        assertInstanceOf(Impossible.class, decide(new PlacementRequest(Set.of(new NodeId("n9")), 0, Set.of()), n2, n3));
    }

    @Test
    void littleFreeMemoryCostsMore() {
        LoadVector full = new LoadVector(1, 1, 0, 2 * GIB, GIB / 10, 0, 0, 0, 1, 1);
        Candidate tight = new Candidate(new NodeId("n2"), full, 0, 0, 0, 0);
        PlacementRequest small = new PlacementRequest(Set.of(), 60L << 20, Set.of());
        Place place = assertInstanceOf(Place.class, decide(small, tight, candidate("n3", 1, 0, 0)));
        assertEquals(new NodeId("n3"), place.node());
    }
}
