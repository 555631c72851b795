package drover.daemon.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class HeldGuestsTest {
    private static final NodeId N1 = new NodeId("n1");
    private static final GuestKey FIRST = new GuestKey(new JobId(N1, 1), 1);
    private static final GuestKey OTHER = new GuestKey(new JobId(new NodeId("n3"), 1), 1);

    private final HeldGuests guests = new HeldGuests(new CallerTable(), _ -> {});

    @Test
    void aGuestHasAnInitOnceItHasStarted() {
        guests.begin(FIRST);
        assertTrue(guests.has(FIRST));
        assertEquals(OptionalInt.empty(), guests.initOf(FIRST), "it is being started");
        assertTrue(guests.started(FIRST, 70), "its home waits to be told");
        assertEquals(OptionalInt.of(70), guests.initOf(FIRST));
        assertFalse(guests.started(FIRST, 70), "it was told");
    }

    @Test
    void aGuestThatWasDroppedWhileItStartedIsNotHeldAfterIt() {
        guests.begin(FIRST);
        guests.drop(FIRST);
        assertFalse(guests.started(FIRST, 70));
        assertFalse(guests.has(FIRST));
        assertEquals(0, guests.count());
    }

    @Test
    void aHomesGuestsAreItsOwnOnly() {
        guests.begin(FIRST);
        guests.found(new KeeperMessage.Held(OTHER, 1, 71, 4_000_000_000L));
        assertEquals(List.of(FIRST), guests.of(N1));
        assertEquals(OptionalInt.of(71), guests.initOf(OTHER), "a former daemon started it");
        assertEquals(2, guests.count());
    }
}
