package drover.homefs.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LockWaitersTest {
    private static final GuestKey GUEST = new GuestKey(new JobId(new NodeId("n1"), 1), 1);

    private final AtomicInteger retriesAskedFor = new AtomicInteger();
    private final AtomicInteger tries = new AtomicInteger();
    private final LockWaiters waiters = new LockWaiters(retriesAskedFor::incrementAndGet);
    private final LockWaiters.Waiting waiting =
            new LockWaiters.Waiting(null, 1, GUEST, null, tries::incrementAndGet, _ -> {});

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

    @Test
    void aGuestWaitsUntilItsCallIsAnswered() throws CallFailed {
        assertFalse(waiters.hasAnyOf(GUEST));
        waiters.await(waiting);
        waiters.retryAll();
        assertTrue(waiters.hasAnyOf(GUEST), "it is only tried for again");
        waiters.answered(null, 2);
        assertTrue(waiters.hasAnyOf(GUEST));
        waiters.answered(null, 1);
        assertFalse(waiters.hasAnyOf(GUEST));
    }
}
