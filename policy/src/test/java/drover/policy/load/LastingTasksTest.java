package drover.policy.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class LastingTasksTest {
    private final LastingTasks tasks = new LastingTasks();

    @Test
    void whatComesCountsAfterFourLooksAndWhatGoesAtOnce() {
        for (int i = 0; i < 3; i++) assertEquals(0, tasks.with(5), "look " + i);
        assertEquals(5, tasks.with(5));
        assertEquals(1, tasks.with(1));
    }

    @Test
    void whatIsThereForAMomentNeverCounts() {
        for (int i = 0; i < 4; i++) tasks.with(1);
        for (int i = 0; i < 20; i++) assertEquals(1, tasks.with(i % 4 == 0 ? 1 : 3));
    }

    @Test
    void nonsenseIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> tasks.with(-1));
        assertThrows(IllegalArgumentException.class, () -> tasks.with(Double.NaN));
    }
}
