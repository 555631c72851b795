package drover.homefs.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.protocol.file.FileOperation.SetLock;
import drover.protocol.file.FileResult.HeldLock;
import drover.protocol.file.LockRange;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeldLocksTest {
    private static final long NODE = 5;
    private static final long HANDLE = 9;
    private static final long OWNER = 77;

    private final HeldLocks locks = new HeldLocks();

    private static LockRange range(int type, long start, long end) {
        return new LockRange(type, start, end, 44);
    }

    private void set(LockRange range) {
        locks.set(NODE, new SetLock(HANDLE, OWNER, range, false, true));
    }

    private void flock(int type) {
        locks.set(NODE, new SetLock(HANDLE, OWNER, range(type, 0, Long.MAX_VALUE), true, false));
    }

    private List<LockRange> ranges() {
        return locks.all().stream().map(held -> held.lock().range()).toList();
    }

    @Test
    void aLockIsTakenAgainWithoutWaiting() {
        LockRange whole = range(LockRange.WRITE, 0, Long.MAX_VALUE);
        set(whole);
        assertEquals(List.of(new HeldLock(NODE, new SetLock(HANDLE, OWNER, whole, false, false))), locks.all());
    }

    @Test
    void aLaterLockTakesThePlaceOfWhatItCovers() {
        set(range(LockRange.READ, 0, 99));
        set(range(LockRange.WRITE, 10, 19));
        assertEquals(
                List.of(range(LockRange.READ, 0, 9), range(LockRange.WRITE, 10, 19), range(LockRange.READ, 20, 99)),
                ranges());
        set(range(LockRange.NONE, 5, 29));
        assertEquals(List.of(range(LockRange.READ, 0, 4), range(LockRange.READ, 30, 99)), ranges());
        set(range(LockRange.NONE, 0, Long.MAX_VALUE));
        assertEquals(List.of(), locks.all());
    }

    @Test
    void aLockOfFlockIsOne() {
        flock(LockRange.READ);
        flock(LockRange.WRITE);
        assertEquals(List.of(range(LockRange.WRITE, 0, Long.MAX_VALUE)), ranges());
        flock(LockRange.NONE);
        assertEquals(List.of(), locks.all());
    }

    @Test
    void whoClosesTheFileHasItsLocksOfFcntlNoMore() {
        set(range(LockRange.READ, 0, 9));
        flock(LockRange.READ);
        assertFalse(locks.closed(NODE, OWNER + 1));
        assertTrue(locks.closed(NODE, OWNER));
        assertFalse(locks.closed(NODE, OWNER));
        assertEquals(1, locks.all().size());
        locks.released(HANDLE + 1);
        assertEquals(1, locks.all().size());
        locks.released(HANDLE);
        assertEquals(List.of(), locks.all());
    }
}
