package drover.policy.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class OwnerFirstTest {
    private static final double EXACT = 1e-9;

    @Test
    void whereTheOwnerDoesNothingGuestsAreTasksAsOthers() {
        for (int guests = 0; guests < 9; guests++)
            assertEquals(guests, OwnerFirst.tasks(guests, 0, 4, 10), EXACT, guests + " guests");
    }

    @Test
    void coresThatTheOwnerLeavesAreShared() {
        assertEquals(3, OwnerFirst.tasks(2, 1, 4, 10), EXACT, "nobody is in anybody's way");
        // three guests on two cores: each gets two thirds, as one of six on four
        assertEquals(6, OwnerFirst.tasks(3, 2, 4, 10), EXACT);
    }

    @Test
    void guestsOfAnOwnerWhoNeedsAllGetWhatTheirWeightIsWorth() {
        // a tenth of the weight is an eleventh of two cores
        assertEquals(11, OwnerFirst.tasks(1, 2, 2, 10), EXACT, "one guest");
        assertEquals(10, OwnerFirst.tasks(0, 2, 2, 10), EXACT, "beside a newcomer");
        assertEquals(22, OwnerFirst.tasks(2, 5, 2, 10), EXACT, "two guests");
    }

    @Test
    void withTheWeightOfOthersAllAreEqual() {
        assertEquals(7, OwnerFirst.tasks(2, 5, 2, OwnerFirst.AS_OTHERS), EXACT);
    }

    @Test
    void nonsenseIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> OwnerFirst.tasks(-1, 0, 1, 10));
        assertThrows(IllegalArgumentException.class, () -> OwnerFirst.tasks(1, 0, 0, 10));
        assertThrows(IllegalArgumentException.class, () -> OwnerFirst.tasks(1, 0, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> OwnerFirst.tasks(1, 0, 1, 101));
    }
}
