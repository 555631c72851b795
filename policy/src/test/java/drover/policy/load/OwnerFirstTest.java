package drover.policy.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class OwnerFirstTest {
    private static final double EXACT = 1e-9;

    private static double tasks(double guests, double others, double cpus) {
        return guests + others + OwnerFirst.crowding(guests, others, cpus, 10);
    }

    @Test
    void whereTheOwnerDoesNothingGuestsAreTasksAsOthers() {
        for (int guests = 0; guests < 9; guests++) assertEquals(guests, tasks(guests, 0, 4), EXACT, guests + " guests");
    }

    @Test
    void coresThatTheOwnerLeavesAreShared() {
        assertEquals(3, tasks(2, 1, 4), EXACT, "nobody is in anybody's way");
        // three guests on two cores: each gets two thirds, as one of six on four
        assertEquals(6, tasks(3, 2, 4), EXACT);
    }

    @Test
    void guestsOfAnOwnerWhoNeedsAllGetWhatTheirWeightIsWorth() {
        // a tenth of the weight is an eleventh of two cores
        assertEquals(11, tasks(1, 2, 2), EXACT, "one guest");
        assertEquals(10, tasks(0, 2, 2), EXACT, "beside a newcomer");
        assertEquals(22, tasks(2, 5, 2), EXACT, "two guests");
    }

    @Test
    void withTheWeightOfOthersAllAreEqual() {
        assertEquals(0, OwnerFirst.crowding(2, 5, 2, OwnerFirst.AS_OTHERS));
    }

    @Test
    void aBurstCrowdsNobodyAndWorkThatStaysDoes() {
        OwnerFirst node = OwnerFirst.IDLE;
        for (int i = 0; i < 2; i++) node = node.with(1, 2, 2, 10);
        assertTrue(node.crowding() < 1, "after two seconds: " + node);
        assertEquals(0, node.with(1, 0, 2, 10).crowding(), "it is over");
        for (int i = 0; i < 60; i++) node = node.with(1, 2, 2, 10);
        assertEquals(8, node.crowding(), 0.5, "after a minute");
    }

    @Test
    void nonsenseIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> OwnerFirst.IDLE.with(-1, 0, 1, 10));
        assertThrows(IllegalArgumentException.class, () -> OwnerFirst.IDLE.with(1, 0, 0, 10));
        assertThrows(IllegalArgumentException.class, () -> OwnerFirst.IDLE.with(1, 0, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> OwnerFirst.IDLE.with(1, 0, 1, 101));
    }
}
