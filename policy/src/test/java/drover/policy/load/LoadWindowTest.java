package drover.policy.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.LoadVector;
import drover.model.NodeId;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LoadWindowTest {
    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final NodeId C = new NodeId("c");

    static LoadVector vector(long sequence, long incarnation) {
        return new LoadVector(1, 1, 0, 100, 50, -1, -1, 0, sequence, incarnation);
    }

    @Test
    void anOlderVectorNeverReplacesANewerOne() {
        LoadWindow window = new LoadWindow();
        assertTrue(window.offer(A, vector(5, 1), Duration.ZERO, 0));
        assertFalse(window.offer(A, vector(4, 1), Duration.ZERO, 10));
        assertEquals(5, window.view(10).get(A).vector().sequence());
    }

    @Test
    void aRestartedNodesFirstVectorReplacesItsOldOnes() {
        LoadWindow window = new LoadWindow();
        window.offer(A, vector(500, 1), Duration.ZERO, 0);
        assertTrue(window.offer(A, vector(1, 2), Duration.ofSeconds(3), 1));
    }

    @Test
    void agesGoOnWhileAnEntryWaits() {
        LoadWindow window = new LoadWindow();
        window.offer(A, vector(1, 1), Duration.ofSeconds(2), 1_000_000_000L);
        assertEquals(Duration.ofSeconds(5), window.view(4_000_000_000L).get(A).age());
    }

    @Test
    void theFreshestEntriesArePassedOnFirst() {
        LoadWindow window = new LoadWindow();
        window.offer(A, vector(1, 1), Duration.ofSeconds(3), 0);
        window.offer(B, vector(1, 1), Duration.ofSeconds(1), 0);
        window.offer(C, vector(1, 1), Duration.ofSeconds(2), 0);
        assertEquals(List.of(B, C), List.copyOf(window.freshest(2, 0).keySet()));
    }

    @Test
    void whatIsTooOldToTellIsShownButNotPassedOn() {
        LoadWindow window = new LoadWindow();
        window.offer(A, vector(1, 1), LoadWindow.TELLING.plusNanos(1), 0);
        assertTrue(window.freshest(9, 0).isEmpty());
        assertTrue(window.view(0).containsKey(A));
    }

    @Test
    void aForgottenNodeIsGone() {
        LoadWindow window = new LoadWindow();
        window.offer(A, vector(1, 1), Duration.ZERO, 0);
        window.forget(A);
        assertTrue(window.view(0).isEmpty());
    }

    @Test
    void aFullWindowForgetsTheOldestForAYoungerOne() {
        LoadWindow window = new LoadWindow();
        for (int i = 0; i < 4096; i++)
            assertTrue(window.offer(new NodeId("n" + i), vector(1, 1), Duration.ofMillis(1 + i), 0));
        assertFalse(window.offer(A, vector(1, 1), Duration.ofSeconds(5), 0), "older than all");
        assertTrue(window.offer(A, vector(1, 1), Duration.ZERO, 0));
        assertFalse(window.view(0).containsKey(new NodeId("n4095")));
        assertEquals(4096, window.view(0).size());
        assertEquals(
                List.of(A, new NodeId("n0")), List.copyOf(window.freshest(2, 0).keySet()));
    }

    /// Against the plain way: all sorted by age.
    @Test
    void theFreshestAreFoundWhateverCameAndWent() {
        Random random = new Random(7);
        LoadWindow window = new LoadWindow();
        Map<NodeId, Long> born = new HashMap<>();
        Map<NodeId, Long> sequences = new HashMap<>();
        for (int step = 0; step < 20_000; step++) {
            NodeId node = new NodeId("n" + random.nextInt(200));
            long now = step * 10_000_000L;
            if (random.nextInt(10) == 0) {
                window.forget(node);
                born.remove(node);
            } else {
                long sequence = sequences.merge(node, 1L, Long::sum);
                Duration age = Duration.ofMillis(random.nextInt(70_000));
                window.offer(node, vector(sequence, 1), age, now);
                born.put(node, now - age.toNanos());
            }
            int count = random.nextInt(100);
            List<NodeId> expected = born.entrySet().stream()
                    .filter(each -> now - each.getValue() <= LoadWindow.TELLING.toNanos())
                    .sorted(Comparator.<Map.Entry<NodeId, Long>>comparingLong(each -> -each.getValue())
                            .thenComparing(Map.Entry::getKey))
                    .limit(count)
                    .map(Map.Entry::getKey)
                    .toList();
            assertEquals(expected, List.copyOf(window.freshest(count, now).keySet()), "step " + step);
        }
    }
}
