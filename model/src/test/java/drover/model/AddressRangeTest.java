package drover.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class AddressRangeTest {
    private static final AddressRange SMALL = AddressRange.parse("10.1.2.0/29");

    @Test
    void itIsWrittenAsItIsRead() {
        for (String text : List.of("198.18.0.0/15", "10.1.2.0/29", "128.0.0.0/1"))
            assertEquals(text, AddressRange.parse(text).toString());
    }

    @Test
    void whatIsNoRangeIsRefused() {
        for (String text :
                List.of("", "10.0.0.0", "10.0.0/8", "10.0.0.0/0", "10.0.0.0/31", "10.0.0.256/8", "10.1.0.0/8"))
            assertThrows(IllegalArgumentException.class, () -> AddressRange.parse(text), text);
    }

    @Test
    void jobsHaveAllAddressesButThoseOfNetworkGatewayAndBroadcast() {
        assertEquals("10.1.2.1", AddressRange.text(SMALL.gateway()));
        assertEquals("10.1.2.2", AddressRange.text(SMALL.ofJob(5)));
        assertEquals("10.1.2.6", AddressRange.text(SMALL.ofJob(4)));
        for (long number = 1; number < 100; number++) assertTrue(SMALL.contains(SMALL.ofJob(number)));
        assertEquals(SMALL.ofJob(1), SMALL.ofJob(6));
    }

    @Test
    void rangesOverlapWhereOneHoldsTheOther() {
        assertTrue(SMALL.overlaps(AddressRange.parse("10.0.0.0/8")));
        assertTrue(AddressRange.parse("10.0.0.0/8").overlaps(SMALL));
        assertFalse(SMALL.overlaps(AddressRange.parse("10.1.2.8/29")));
    }
}
