package drover.homefs.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LockTableTest {
    private final AtomicInteger retriesAskedFor = new AtomicInteger();
    private final AtomicInteger tries = new AtomicInteger();
    private final LockTable locks = new LockTable(null, retriesAskedFor::incrementAndGet);
    private final LockTable.Waiting waiting = new LockTable.Waiting(null, 1, null, tries::incrementAndGet, _ -> {});

    @Test
    void nobodyIsWokenWhileNobodyWaits() {
        locks.retryAll();
        assertEquals(0, retriesAskedFor.get());
    }

    @Test
    void manyWhoWaitAreTriedForTogether() throws CallFailed {
        locks.await(waiting);
        locks.await(waiting);
        assertEquals(1, retriesAskedFor.get());
        locks.retryAll();
        assertEquals(2, tries.get());
    }

    @Test
    void whoWaitsAgainIsTriedForAgain() throws CallFailed {
        locks.await(waiting);
        locks.retryAll();
        locks.await(waiting);
        assertEquals(2, retriesAskedFor.get());
    }
}
