package drover.lab.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class SizesTest {
    @Test
    void sizesAreReadInPowersOf1024() {
        assertEquals(512L << 20, Sizes.parseBytes("512M"));
        assertEquals(2L << 30, Sizes.parseBytes("2g"));
        assertEquals(1048576, Sizes.parseBytes("1048576"));
    }

    @Test
    void nonsenseIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Sizes.parseBytes("many"));
        assertThrows(ArithmeticException.class, () -> Sizes.parseBytes("99999999999T"));
    }
}
