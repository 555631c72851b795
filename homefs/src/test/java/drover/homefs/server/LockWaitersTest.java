package drover.homefs.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LockWaitersTest {
    private final AtomicInteger retriesAskedFor = new AtomicInteger();
    private final AtomicInteger tries = new AtomicInteger();
    private final LockWaiters waiters = new LockWaiters(retriesAskedFor::incrementAndGet);
    private final LockWaiters.Waiting waiting = new LockWaiters.Waiting(null, 1, null, tries::incrementAndGet, _ -> {});

    @Test
    void nobodyIsWokenWhileNobodyWaits() {
        waiters.retryAll();
        assertEquals(0, retriesAskedFor.get());
    }

    @Test
    void manyWhoWaitAreTriedForTogether() throws CallFailed {
        waiters.await(waiting);
        waiters.await(waiting);
        assertEquals(1, retriesAskedFor.get());
        waiters.retryAll();
        assertEquals(2, tries.get());
    }

    @Test
    void whoWaitsAgainIsTriedForAgain() throws CallFailed {
        waiters.await(waiting);
        waiters.retryAll();
        waiters.await(waiting);
        assertEquals(2, retriesAskedFor.get());
    }
}
