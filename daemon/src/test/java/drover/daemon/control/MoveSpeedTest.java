package drover.daemon.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class MoveSpeedTest {
    private final MoveSpeed speed = new MoveSpeed();

    @Test
    void smallGuestsTellWhatAnyMoveTakes() {
        double before = speed.bytesPerSecond();
        for (int i = 0; i < 20; i++) speed.moved(1 << 20, Duration.ofSeconds(10));
        assertEquals(before, speed.bytesPerSecond());
        assertEquals(10, speed.fixed().toNanos() / 1e9, 0.2);
    }

    @Test
    void whatAnyMoveTakesIsNoTimeForMemory() {
        for (int i = 0; i < 20; i++) speed.moved(1 << 20, Duration.ofSeconds(2));
        for (int i = 0; i < 20; i++) speed.moved(100_000_000, Duration.ofSeconds(12));
        assertEquals(10e6, speed.bytesPerSecond(), 0.2e6);
    }

    @Test
    void largeOnesAreLearntFrom() {
        for (int i = 0; i < 20; i++) speed.moved(100_000_000, Duration.ofSeconds(1));
        assertEquals(100e6 / 0.7, speed.bytesPerSecond(), 2e6);
    }

    @Test
    void oneStrangeMoveIsNotBelieved() {
        double before = speed.bytesPerSecond();
        speed.moved(100_000_000, Duration.ofNanos(1));
        assertTrue(speed.bytesPerSecond() < 2 * before, "" + speed.bytesPerSecond());
        speed.moved(8 << 20, Duration.ofDays(1));
        assertTrue(speed.bytesPerSecond() > before / 2, "" + speed.bytesPerSecond());
        speed.moved(1 << 10, Duration.ofDays(1));
        assertTrue(speed.fixed().toMillis() < 1000, "" + speed.fixed());
    }
}
