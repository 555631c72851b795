package drover.protocol.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import drover.protocol.link.CompressionChoice.Cost;
import io.netty.buffer.Unpooled;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CompressibilityTest {
    private static final double SLOW = 12e6;
    private static final Cost COMPRESSOR = Cost.ofBytesPerSecond(350e6, 350e6);
    private final long seed = Long.getLong("drover.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final Compressibility content = new Compressibility();

    private static boolean looks(byte[] bytes) {
        return Compressibility.looksCompressible(Unpooled.wrappedBuffer(bytes));
    }

    private boolean tries() {
        return content.tries(SLOW, COMPRESSOR, 0);
    }

    @Test
    void whatIsCompressedAlreadyIsToldFromWhatIsNot() {
        for (int i = 0; i < 500; i++) {
            int bytes = 16_384 + random.nextInt(1 << 17);
            assertFalse(looks(Samples.random(random, bytes)), () -> "random bytes, seed " + seed);
            assertTrue(looks(Samples.text(random, bytes)), () -> "text, seed " + seed);
            assertTrue(looks(new byte[bytes]));
        }
        for (int i = 0; i < 20; i++) {
            byte[] compressed = Zstd.compress(Samples.text(random, 1 << 20));
            assertFalse(looks(compressed), () -> "compressed text, seed " + seed);
        }
    }

    @Test
    void aFrameTooShortForItsSamplesIsLeftAlone() {
        assertFalse(looks(new byte[100]));
    }

    @Test
    void whatLookedBetterThanItIsIsTriedLessAndLessOften() {
        int tried = 0;
        for (int i = 0; i < 1_000; i++)
            if (tries()) {
                tried++;
                assertFalse(content.tried(1_000, 990));
            }
        assertTrue(tried > 10 && tried < 50, tried + " of 1000");
    }

    @Test
    void theFirstGoodFrameEndsThat() {
        for (int i = 0; i < 100; i++) if (tries()) content.tried(1_000, 990);
        while (!tries()) {}
        assertTrue(content.tried(1_000, 300));
        for (int i = 0; i < 100; i++) {
            assertTrue(tries());
            content.tried(1_000, 300);
        }
    }

    @Test
    void whereLittleIsGainedOneFrameInAWhileIsTriedStill() {
        double gigabit = 110e6;
        for (int i = 0; i < 100; i++) content.tried(1_000, 850);
        int tried = 0;
        for (int i = 0; i < 330; i++) if (content.tries(gigabit, Cost.ofBytesPerSecond(450e6, 450e6), 0)) tried++;
        assertEquals(10, tried);
    }

    @Test
    void onAFastLinkNothingIsTried() {
        for (int i = 0; i < 1_000; i++) assertFalse(content.tries(1.2e9, Cost.ofBytesPerSecond(5e9, 5e9), 0));
    }
}
