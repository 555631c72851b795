package drover.daemon.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class MoveSpeedTest {
    private final MoveSpeed speed = new MoveSpeed();

    @Test
    void smallGuestsTellNothing() {
        double before = speed.bytesPerSecond();
        speed.moved(1 << 20, Duration.ofSeconds(10));
        assertEquals(before, speed.bytesPerSecond());
    }

    @Test
    void largeOnesAreLearntFrom() {
        for (int i = 0; i < 20; i++) speed.moved(100_000_000, Duration.ofSeconds(1));
        assertTrue(Math.abs(speed.bytesPerSecond() - 100e6) < 1e6, "" + speed.bytesPerSecond());
    }

    @Test
    void oneStrangeMoveIsNotBelieved() {
        double before = speed.bytesPerSecond();
        speed.moved(100_000_000, Duration.ofNanos(1));
        assertTrue(speed.bytesPerSecond() < 2 * before, "" + speed.bytesPerSecond());
        speed.moved(8 << 20, Duration.ofDays(1));
        assertTrue(speed.bytesPerSecond() > before / 2, "" + speed.bytesPerSecond());
    }
}
