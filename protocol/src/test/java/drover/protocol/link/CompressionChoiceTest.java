package drover.protocol.link;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.protocol.link.CompressionChoice.Cost;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CompressionChoiceTest {
    private static final double MBIT = 1e6 / 8;
    private static final Cost ZSTD = Cost.ofBytesPerSecond(350e6, 350e6);
    private static final Cost FASTER = Cost.ofBytesPerSecond(5e9, 5e9);
    private static final double THIRD = 1 / 3.0;

    @Test
    void aSlowLinkPaysAlsoForABusyNode() {
        assertTrue(CompressionChoice.pays(100 * MBIT, THIRD, ZSTD, 0));
        assertTrue(CompressionChoice.pays(100 * MBIT, THIRD, ZSTD, 7));
        assertTrue(CompressionChoice.pays(10 * MBIT, 0.9, ZSTD, 7));
    }

    @Test
    void aGigabitPaysForAnIdleNodeOnly() {
        assertTrue(CompressionChoice.pays(940 * MBIT, 0.2, ZSTD, 0));
        assertFalse(CompressionChoice.pays(940 * MBIT, 0.2, ZSTD, 1));
        assertFalse(CompressionChoice.pays(940 * MBIT, 0.7, ZSTD, 0));
    }

    @Test
    void aFastOrUnknownLinkNeverPays() {
        for (double share : new double[] {0, THIRD, 1}) {
            assertFalse(CompressionChoice.pays(10_000 * MBIT, share, FASTER, 0));
            assertFalse(CompressionChoice.pays(Double.POSITIVE_INFINITY, share, FASTER, 0));
            assertFalse(CompressionChoice.pays(Double.NaN, share, FASTER, 0));
        }
    }

    @Test
    void aCompressorThatGetsNoProcessorDoesNotPay() {
        assertFalse(CompressionChoice.pays(100 * MBIT, THIRD, Cost.ofBytesPerSecond(15e6, 350e6), 0));
    }

    @Test
    void waitingForAProcessorIsNotTakingOne() {
        assertTrue(CompressionChoice.pays(100 * MBIT, 0.45, Cost.ofBytesPerSecond(60e6, 350e6), 7));
        assertFalse(CompressionChoice.pays(100 * MBIT, 0.45, Cost.ofBytesPerSecond(60e6, 60e6), 7));
    }

    @Test
    void nothingThatIsBetterMakesItWorse() {
        long seed = Long.getLong("drover.seed", System.nanoTime());
        var random = new Random(seed);
        for (int i = 0; i < 100_000; i++) {
            double link = Math.exp(random.nextDouble(8, 21));
            double share = random.nextDouble();
            var cost = Cost.ofBytesPerSecond(Math.exp(random.nextDouble(12, 21)), Math.exp(random.nextDouble(12, 21)));
            double demand = random.nextDouble(3);
            if (!CompressionChoice.pays(link, share, cost, demand)) continue;
            double better = random.nextDouble();
            assertTrue(
                    CompressionChoice.pays(link * better, share, cost, demand)
                            && CompressionChoice.pays(link, share * better, cost, demand)
                            && CompressionChoice.pays(
                                    link, share, new Cost(cost.clock() * better, cost.processor()), demand)
                            && CompressionChoice.pays(
                                    link, share, new Cost(cost.clock(), cost.processor() * better), demand)
                            && CompressionChoice.pays(link, share, cost, demand * better),
                    () -> "seed " + seed);
        }
    }
}
