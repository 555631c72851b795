package drover.policy.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class WindowAgeTest {
    /// Mean ages of a run, in steps: of all entries, and of the oldest one of each view.
    private record Ages(double average, double maximum) {}

    /// Each step every node renews its own entry, then all send the window they had to one random other.
    private static Ages simulate(int nodes, int window, int steps, long seed) {
        RandomGenerator random = new SplittableRandom(seed);
        List<LoadWindow> windows = new ArrayList<>();
        List<NodeId> names = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            windows.add(new LoadWindow());
            names.add(new NodeId("n" + i));
        }
        double ageSum = 0;
        double oldestSum = 0;
        int counted = 0;
        for (int step = 1; step <= steps; step++) {
            long now = Duration.ofSeconds(step).toNanos();
            for (int i = 0; i < nodes; i++)
                windows.get(i).offer(names.get(i), LoadWindowTest.vector(step, 1), Duration.ZERO, now);
            List<Map<NodeId, LoadEntry>> sent = new ArrayList<>();
            for (LoadWindow from : windows) sent.add(from.freshest(window, now));
            for (int i = 0; i < nodes; i++) {
                int to = random.nextInt(nodes - 1);
                LoadWindow receiver = windows.get(to >= i ? to + 1 : to);
                sent.get(i).forEach((node, entry) -> receiver.offer(node, entry.vector(), entry.age(), now));
            }
            if (step <= steps / 2) continue;
            for (LoadWindow view : windows) {
                List<Long> ages = view.view(now).values().stream()
                        .map(entry -> entry.age().toSeconds())
                        .toList();
                assertEquals(nodes, ages.size(), "after warming up a view has every node, seed " + seed);
                ageSum += ages.stream().mapToLong(Long::longValue).average().orElseThrow();
                oldestSum += ages.stream().mapToLong(Long::longValue).max().orElseThrow();
                counted++;
            }
        }
        return new Ages(ageSum / counted, oldestSum / counted);
    }

    @Test
    void simulatedAgesAgreeWithTheFormulas() {
        for (int[] size : new int[][] {{14, 8}, {14, 14}, {64, 32}, {64, 16}}) {
            Ages ages = simulate(size[0], size[1], 120, 42);
            String what = size[0] + " nodes, window " + size[1] + ": " + ages;
            double average = WindowAge.average(size[0], size[1]);
            double maximum = WindowAge.maximum(size[0], size[1]);
            assertTrue(average >= ages.average() - 0.1 && average <= ages.average() + 0.6, what + ", not " + average);
            assertEquals(maximum, ages.maximum(), Math.max(0.6, 0.12 * maximum), what);
        }
    }

    @Test
    void theSameSeedGivesTheSameRun() {
        assertEquals(simulate(20, 6, 60, 7), simulate(20, 6, 60, 7));
    }

    @Test
    void knownWindowsHaveTheAgesOfTheSource() {
        // facts/01, from infod; its averages and maxima lie within one step and 1.5 of these
        assertEquals(3.5, WindowAge.average(14, 8), 0.2);
        assertEquals(5.2, WindowAge.average(64, 32), 0.7);
        assertEquals(24.4, WindowAge.maximum(256, 64), 2.6);
        assertEquals(60, WindowAge.maximum(1024, 128), 3);
    }

    @Test
    void aNodeAloneKnowsItselfAtOnce() {
        assertEquals(0, WindowAge.average(1, 5));
        assertEquals(0, WindowAge.maximum(1, 5));
    }
}
