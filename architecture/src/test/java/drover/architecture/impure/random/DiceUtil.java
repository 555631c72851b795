package drover.architecture.impure.random;

import drover.architecture.impure.clock.ClockReader;
import java.util.concurrent.ThreadLocalRandom;

/// Reads a random source, and has a name that says nothing.
public final class DiceUtil {
    private DiceUtil() {}

    public static int dice() {
        return ThreadLocalRandom.current().nextInt(6) + 1;
    }

    public static long then() {
        return ClockReader.now().getEpochSecond();
    }
}
