package drover.daemon.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.daemon.placement.ClusterKnowledge.Seen;
import drover.model.LoadVector;
import drover.model.NodeId;
import drover.policy.load.LoadFilter;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SourceLoadsTest {
    private static final NodeId NODE = new NodeId("n2");
    private static final long SECOND = 1_000_000_000;
    private final SourceLoads loads = new SourceLoads();

    private static Seen told(double tasks, Duration age) {
        return new Seen(new LoadVector(1, 1, tasks, 1L << 30, 1L << 29, 0, 0, 0, 1, 1), age);
    }

    private double believed(double tasks, Duration age, long nowNanos) {
        return loads.of(NODE, told(tasks, age), nowNanos).cpuLoad();
    }

    private void sample(double tasks, int times) {
        for (int i = 0; i < times; i++) loads.sample(Set.of(NODE), Map.of(NODE, told(tasks, Duration.ZERO)));
    }

    @Test
    void aBurstIsBelievedSlowly() {
        sample(8, 1);
        assertEquals(3, believed(8, Duration.ZERO, 0));
        sample(8, 20);
        assertTrue(believed(8, Duration.ZERO, 0) > 7.9);
    }

    @Test
    void whoeverLeftIsTakenOffAtOnceAndOnlyOnce() {
        sample(4, 40);
        loads.left(NODE, 1, 0);
        assertEquals(3, believed(4, Duration.ZERO, 0), 1e-3);
        assertEquals(3, believed(4, Duration.ofSeconds(2), SECOND), 1e-3); // that vector is older than the move
        LoadFilter node = new LoadFilter(4, 4);
        for (int second = 1; second <= 60; second++) {
            node = node.with(3);
            sample(node.exported(), 1);
            assertEquals(3, believed(node.exported(), Duration.ZERO, second * SECOND), 0.03, "after " + second);
        }
    }

    @Test
    void nothingIsLessThanNothing() {
        sample(1, 40);
        loads.left(NODE, 2, 0);
        assertEquals(0, believed(1, Duration.ZERO, 0));
    }
}
