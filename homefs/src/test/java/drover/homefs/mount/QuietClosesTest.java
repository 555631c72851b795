package drover.homefs.mount;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.protocol.file.Bytes;
import drover.protocol.file.FileAttributes;
import drover.protocol.file.FileTime;
import org.junit.jupiter.api.Test;

class QuietClosesTest {
    private static final FileTime TIME = new FileTime(0, 0);

    private final QuietCloses closes = new QuietCloses();
    private KnownNode file = file();

    private static KnownNode file() {
        return new KnownNode(
                5,
                1,
                Bytes.of("f"),
                new FileAttributes(5, 7, 5, 0100644, 1, 0, 0, 0, 7, 0, 4096, TIME, TIME, TIME, TIME),
                false);
    }

    private static GuestKey guest(int job) {
        return new GuestKey(new JobId(new NodeId("home"), job), 1);
    }

    private void earns(GuestKey guest) {
        for (int i = 0; i < QuietCloses.OPENS; i++) assertFalse(closes.opens(guest, file()));
        assertTrue(closes.opens(guest, file));
    }

    @Test
    void aGuestEarnsItByItsOwnOpens() {
        earns(guest(1));
        assertFalse(closes.opens(guest(2), file));
    }

    @Test
    void aFileEarnsItForAllByTheirOpens() {
        for (int i = 0; i < QuietCloses.OPENS_OF_FILE; i++) assertFalse(closes.opens(guest(i + 1), file));
        assertTrue(closes.opens(guest(1000), file));
        closes.locks(guest(1000));
        assertFalse(closes.opens(guest(1000), file), "who locks loses it");
        assertTrue(closes.opens(guest(1001), file));
        GuestKey moved = new GuestKey(guest(1002).job(), 2);
        assertFalse(closes.opens(moved, file), "it may have locks that were never seen here");
        file.locked();
        assertFalse(closes.opens(guest(1001), file), "somebody locks it");
    }

    @Test
    void whoLocksLosesItForGood() {
        earns(guest(1));
        closes.locks(guest(1));
        closes.locks(guest(2));
        for (int i = 0; i < 3 * QuietCloses.OPENS; i++) {
            assertFalse(closes.opens(guest(1), file));
            assertFalse(closes.opens(guest(2), file));
        }
    }

    @Test
    void theCloseOfAFileThatWasLockedIsToldOf() {
        earns(guest(1));
        file.locked();
        assertFalse(closes.opens(guest(1), file));
    }

    @Test
    void whoLocksIsForgottenLast() {
        closes.locks(guest(1));
        for (int job = 2; job < 2_000; job++) closes.opens(guest(job), file());
        for (int i = 0; i < QuietCloses.OPENS + 1; i++) assertFalse(closes.opens(guest(1), file()));
    }

    @Test
    void guestsWithoutEndTakeNoMemoryWithoutEnd() {
        earns(guest(1));
        for (int job = 2; job < 2_000; job++) closes.opens(guest(job), file());
        file = file();
        assertFalse(closes.opens(guest(1), file), "the eldest is forgotten");
    }
}
