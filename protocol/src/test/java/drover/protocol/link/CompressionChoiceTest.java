package drover.protocol.link;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class CompressionChoiceTest {
    private static final double MBIT = 1e6 / 8;
    private static final double ZSTD = 350e6;
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
            assertFalse(CompressionChoice.pays(10_000 * MBIT, share, 5e9, 0));
            assertFalse(CompressionChoice.pays(Double.POSITIVE_INFINITY, share, 5e9, 0));
            assertFalse(CompressionChoice.pays(Double.NaN, share, 5e9, 0));
        }
    }

    @Test
    void aCompressorThatGetsNoProcessorDoesNotPay() {
        assertFalse(CompressionChoice.pays(100 * MBIT, THIRD, 15e6, 0));
    }

    @Test
    void nothingThatIsBetterMakesItWorse() {
        long seed = Long.getLong("drover.seed", System.nanoTime());
        var random = new Random(seed);
        for (int i = 0; i < 100_000; i++) {
            double link = Math.exp(random.nextDouble(8, 21));
            double share = random.nextDouble();
            double compressor = Math.exp(random.nextDouble(12, 21));
            double demand = random.nextDouble(3);
            if (!CompressionChoice.pays(link, share, compressor, demand)) continue;
            double better = random.nextDouble();
            assertTrue(
                    CompressionChoice.pays(link * better, share, compressor, demand)
                            && CompressionChoice.pays(link, share * better, compressor, demand)
                            && CompressionChoice.pays(link, share, compressor / better, demand)
                            && CompressionChoice.pays(link, share, compressor, demand * better),
                    () -> "seed " + seed);
        }
    }
}
