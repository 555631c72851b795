package drover.policy.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class LoadFilterTest {
    @Test
    void localLoadRisesByThreeEighthsAndFallsAtOnce() {
        LoadFilter risen = LoadFilter.IDLE.with(8);
        assertEquals(3.0, risen.local());
        assertEquals(4.875, risen.with(8).local());
        assertEquals(1.0, risen.with(1).local());
    }

    @Test
    void exportedLoadRisesAtOnceAndFallsByOneEighth() {
        LoadFilter risen = LoadFilter.IDLE.with(8);
        assertEquals(8.0, risen.exported());
        assertEquals(7.0, risen.with(0).exported());
    }

    @Test
    void aShortBurstIsToldToOthersLongerThanItIsFeltHere() {
        LoadFilter filter = LoadFilter.IDLE.with(4).with(0).with(0);
        assertEquals(0.0, filter.local());
        assertEquals(4 * 49 / 64.0, filter.exported());
    }

    @Test
    void nonsenseIsRefusedAndNamed() {
        assertThrows(IllegalArgumentException.class, () -> LoadFilter.IDLE.with(Double.NaN));
        assertEquals(
                "sample must be >= 0 and finite, got -1.0",
                assertThrows(IllegalArgumentException.class, () -> LoadFilter.IDLE.with(-1))
                        .getMessage());
    }
}
