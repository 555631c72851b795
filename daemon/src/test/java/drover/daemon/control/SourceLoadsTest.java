package drover.daemon.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import drover.daemon.placement.ClusterKnowledge.Seen;
import drover.model.LoadVector;
import drover.model.NodeId;
import drover.model.Openness;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SourceLoadsTest {
    private static final NodeId NODE = new NodeId("n2");
    private static final long SECOND = 1_000_000_000;
    private final SourceLoads loads = new SourceLoads();

    private double believed(double settled, Duration age, long nowNanos) {
        LoadVector told = new LoadVector(1, 1, 9, settled, 1L << 30, 1L << 29, 0, 0, 0, Openness.OPEN, 1, 1);
        return loads.of(NODE, new Seen(told, age), nowNanos).settledLoad();
    }

    @Test
    void whatHasSettledIsBelievedAndNotTheBurst() {
        assertEquals(4, believed(4, Duration.ZERO, 0));
    }

    @Test
    void whoeverLeftIsTakenOffUntilTheNodeItselfSaysSo() {
        loads.left(NODE, 1, 0);
        assertEquals(3, believed(4, Duration.ZERO, 0));
        assertEquals(3, believed(4, Duration.ofSeconds(3), 4 * SECOND), "that vector is from a second after the move");
        assertEquals(3, believed(3, Duration.ofSeconds(2), 4 * SECOND), "this one is of after it");
    }

    @Test
    void nothingIsLessThanNothing() {
        loads.left(NODE, 2, 0);
        assertEquals(0, believed(1, Duration.ZERO, 0));
    }
}
