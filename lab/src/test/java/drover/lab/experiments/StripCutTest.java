package drover.lab.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class StripCutTest {
    @Test
    void stripsCoverEveryRowOnceInOrder() {
        for (int rows : List.of(1, 31, 32, 33, 96, 768, 1344, 1345))
            for (int workers : List.of(1, 2, 4, 14, 100)) {
                int next = 0;
                for (StripCut.Strip strip : StripCut.cut(rows, workers)) {
                    assertEquals(next, strip.first(), rows + " rows for " + workers);
                    next = strip.last() + 1;
                }
                assertEquals(rows, next, rows + " rows for " + workers);
            }
    }

    @Test
    void everyStripBeginsAtABlock() {
        for (StripCut.Strip strip : StripCut.cut(1344, 14))
            assertEquals(0, strip.first() % StripCut.BLOCK_ROWS, strip.toString());
    }

    @Test
    void stripsNeverGrow() {
        List<StripCut.Strip> strips = StripCut.cut(1344, 4);
        for (int i = 1; i < strips.size(); i++)
            assertTrue(strips.get(i).rows() <= strips.get(i - 1).rows(), strips.toString());
        assertTrue(strips.getFirst().rows() > strips.getLast().rows(), strips.toString());
    }

    @Test
    void thereAreAtLeastTwoStripsForEachWorkerWhereThereAreBlocksEnough() {
        assertTrue(StripCut.cut(1344, 14).size() >= 28);
    }

    @Test
    void nonsenseIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> StripCut.cut(0, 1));
        assertThrows(IllegalArgumentException.class, () -> StripCut.cut(32, 0));
        assertThrows(IllegalArgumentException.class, () -> new StripCut.Strip(5, 4));
    }
}
