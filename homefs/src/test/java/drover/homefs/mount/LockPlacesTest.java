package drover.homefs.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.protocol.file.FileOperation.SetLock;
import drover.protocol.file.FileOperation.TestLock;
import drover.protocol.file.FileResult.HeldLock;
import drover.protocol.file.LockRange;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LockPlacesTest {
    private static final GuestKey GUEST = new GuestKey(new JobId(new NodeId("n1"), 4), 1);
    private static final long NODE = 100;
    private static final int PID = 4_000_001;
    private static final long FILE = 0xfedcba9876543210L;
    private static final long PROCESS = 77;
    private static final int READ_ONLY = 0;
    private static final int READ_WRITE = 2;

    private final LockPlaces places = new LockPlaces();

    @BeforeEach
    void begin() {
        places.begin(GUEST);
    }

    /// As the gate asks (native/src/gate/locks.c).
    private void ask(int pid, int descriptor, int access, long node, long file) {
        long start = (long) pid << 24 | descriptor;
        LockRange range = new LockRange(LockRange.WRITE, start, start + access, 1);
        assertTrue(places.asked(GUEST, node, new TestLock(9, file, range)));
    }

    private static HeldLock held(int type, long owner, boolean flock) {
        return new HeldLock(NODE, new SetLock(9, owner, new LockRange(type, 3, 7, PID), flock, false));
    }

    private List<GuestLock> locate(HeldLock held) {
        return places.locate(GUEST, List.of(held));
    }

    private static List<GuestLock> place(GuestLock.Kind kind, int descriptor, int type) {
        return List.of(new GuestLock(kind, PID, descriptor, new LockRange(type, 3, 7, PID)));
    }

    @Test
    void aLockOfAnOpenFileIsHeldByItsDescriptor() {
        ask(PID, 3, READ_WRITE, NODE, FILE + 1);
        ask(PID, 65_535, READ_WRITE, NODE, FILE);
        assertEquals(place(GuestLock.Kind.FLOCK, 65_535, LockRange.WRITE), locate(held(LockRange.WRITE, FILE, true)));
        assertEquals(
                place(GuestLock.Kind.OPEN_FILE, 65_535, LockRange.READ), locate(held(LockRange.READ, FILE, false)));
    }

    @Test
    void aProcesssLockIsTakenByADescriptorThatMayTakeIt() {
        ask(PID, 3, READ_ONLY, NODE, FILE);
        ask(PID + 1, 4, READ_WRITE, NODE, FILE + 1);
        ask(PID, 5, READ_WRITE, NODE + 1, FILE + 2);
        assertEquals(List.of(), locate(held(LockRange.WRITE, PROCESS, false)));
        assertEquals(place(GuestLock.Kind.PROCESS, 3, LockRange.READ), locate(held(LockRange.READ, PROCESS, false)));
        ask(PID, 6, READ_WRITE, NODE, FILE + 3);
        assertEquals(place(GuestLock.Kind.PROCESS, 6, LockRange.WRITE), locate(held(LockRange.WRITE, PROCESS, false)));
        assertEquals(List.of(), locate(held(LockRange.WRITE, PROCESS, true)), "flock(2) is of no process");
    }

    @Test
    void nobodyIsAskedAboutWhoDoesNotLeave() {
        places.end(GUEST);
        assertFalse(places.asked(GUEST, NODE, new TestLock(9, FILE, new LockRange(LockRange.WRITE, 1, 1, 1))));
        assertEquals(List.of(), locate(held(LockRange.WRITE, FILE, true)));
    }
}
