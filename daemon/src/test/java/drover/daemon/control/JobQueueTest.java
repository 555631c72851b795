package drover.daemon.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.Credentials;
import drover.model.JobId;
import drover.model.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class JobQueueTest {
    private final JobQueue queue = new JobQueue();

    private static Job job(int number, String... nodes) {
        Set<NodeId> allowed = Set.of(nodes).stream().map(NodeId::new).collect(java.util.stream.Collectors.toSet());
        return new Job(
                new JobId(new NodeId("n1"), number),
                new Credentials(0, 0, List.of()),
                "root",
                new RunOptions(allowed, 0, false, false, NetworkChoice.NONE, true),
                "true",
                "/",
                new byte[0],
                new byte[16],
                0);
    }

    private List<Long> served(int places) {
        List<Long> served = new ArrayList<>();
        queue.dispatch(job -> served.size() < places && served.add(job.id.number()));
        return served;
    }

    @Test
    void jobsAreServedInOrderOfArrival() {
        for (int i = 1; i <= 5; i++) queue.addLast(job(i));
        assertEquals(List.of(1L, 2L, 3L), served(3));
        assertEquals(2, queue.size());
        assertEquals(List.of(4L, 5L), served(9));
        assertTrue(queue.isEmpty());
    }

    @Test
    void aJobThatWaitsForOneNodeHoldsUpNobodyElse() {
        queue.addLast(job(1, "n2"));
        queue.addLast(job(2));
        queue.addLast(job(3, "n2"));
        List<Long> served = new ArrayList<>();
        queue.dispatch(job -> job.options.nodes().isEmpty() && served.add(job.id.number()));
        assertEquals(List.of(2L), served);
        assertTrue(queue.mustWait(job(4, "n2")));
        assertFalse(queue.mustWait(job(4)));
    }

    @Test
    void aJobThatLostItsNodeIsNextAgain() {
        Job lost = job(1);
        queue.addLast(job(2));
        queue.addFirst(lost);
        assertEquals(List.of(1L), served(1));
    }

    @Test
    void aJobMayEndWhileOthersAreBeingPlaced() {
        Job second = job(2);
        queue.addLast(job(1));
        queue.addLast(second);
        queue.addLast(job(3));
        List<Long> served = new ArrayList<>();
        queue.dispatch(job -> {
            queue.remove(second);
            return served.add(job.id.number());
        });
        assertEquals(List.of(1L, 3L), served);
    }

    @Test
    void twentyThousandJobsAreQueuedAndServed() {
        for (int i = 1; i <= 20_000; i++) {
            Job job = job(i);
            assertEquals(i > 1, queue.mustWait(job));
            queue.addLast(job);
        }
        for (long i = 1; i <= 20_000; i++) assertEquals(List.of(i), served(1));
    }
}
