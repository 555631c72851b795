package drover.policy.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class OwnerFirstTest {
    private static final double EXACT = 1e-9;

    private static double tasks(double guests, double others, double cpus, int weight) {
        double share = OwnerFirst.share(guests, others, cpus, weight);
        return new OwnerFirst(share, share).settled(guests);
    }

    private static OwnerFirst after(OwnerFirst node, int seconds, double others) {
        for (int i = 0; i < seconds; i++) node = node.with(1, others, 2, 10);
        return node;
    }

    @Test
    void whereTheOwnerDoesNothingGuestsAreTasksAsOthers() {
        for (int guests = 0; guests < 9; guests++)
            assertEquals(guests, tasks(guests, 0, 4, 10), EXACT, guests + " guests");
    }

    @Test
    void coresThatTheOwnerLeavesAreShared() {
        assertTrue(tasks(2, 1, 4, 10) < 4, "nobody is in anybody's way");
        // three guests on two cores: each gets two thirds, as one of six on four
        assertEquals(6, tasks(3, 2, 4, 10), EXACT);
    }

    @Test
    void guestsOfAnOwnerWhoNeedsAllGetWhatTheirWeightIsWorth() {
        // a tenth of the weight is an eleventh of two cores
        assertEquals(11, tasks(1, 2, 2, 10), EXACT, "one guest");
        assertEquals(10, tasks(0, 2, 2, 10), EXACT, "beside a newcomer");
        assertEquals(22, tasks(2, 5, 2, 10), EXACT, "two guests");
    }

    @Test
    void withTheWeightOfOthersAllAreEqual() {
        assertEquals(7, tasks(2, 5, 2, OwnerFirst.AS_OTHERS), EXACT);
        assertEquals(5, tasks(0, 5, 2, OwnerFirst.AS_OTHERS), EXACT, "beside a newcomer");
    }

    @Test
    void aBurstCrowdsNobodyAndWorkThatStaysDoes() {
        OwnerFirst node = after(OwnerFirst.IDLE, 1, 2);
        assertTrue(node.settled(1) < 1.02, "a look that caught somebody: " + node);
        node = after(node, 4, 2);
        assertTrue(node.settled(1) < 1.05, "after five seconds: " + node);
        assertTrue(after(node, 60, 2).settled(1) > 1.5, "after a minute");
        assertEquals(11, after(node, 900, 2).settled(1), 0.2, "for ever");
        assertEquals(1, after(after(node, 60, 2), 600, 0).exported(1), 0.05, "when it is long over");
    }

    @Test
    void burstsThatKeepComingCountAsTheirPartOfTheTime() {
        OwnerFirst node = OwnerFirst.IDLE;
        for (int i = 0; i < 200; i++) node = after(after(node, 2, 2), 2, 0);
        assertEquals(1 / (0.5 + 0.5 / 11), node.settled(1), 0.2, node.toString());
    }

    @Test
    void whereAMeanWandersNobodyFollowsIt() {
        OwnerFirst busyLately = after(after(OwnerFirst.IDLE, 300, 0), 20, 2);
        OwnerFirst idleLately = after(after(OwnerFirst.IDLE, 300, 2), 20, 0);
        assertTrue(busyLately.settled(1) < busyLately.exported(1), busyLately.toString());
        assertTrue(idleLately.settled(1) < idleLately.exported(1), idleLately.toString());
        assertTrue(busyLately.settled(1) < idleLately.exported(1), "no reason to go from here to there");
    }

    @Test
    void nonsenseIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> OwnerFirst.IDLE.with(-1, 0, 1, 10));
        assertThrows(IllegalArgumentException.class, () -> OwnerFirst.IDLE.with(1, 0, 0, 10));
        assertThrows(IllegalArgumentException.class, () -> OwnerFirst.IDLE.with(1, 0, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> OwnerFirst.IDLE.with(1, 0, 1, 101));
        assertThrows(IllegalArgumentException.class, () -> new OwnerFirst(0, 1));
    }
}
