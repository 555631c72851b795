package drover.architecture.impure.clock;

import drover.architecture.impure.Wiring;
import drover.architecture.impure.random.DiceUtil;
import java.time.Instant;

/// Reads the clock, knows who wires it, and is in a circle.
public final class ClockReader {
    private ClockReader() {}

    public static Instant now() {
        return Instant.now().plusSeconds(Wiring.answer());
    }

    public static int dice() {
        return DiceUtil.dice();
    }
}
