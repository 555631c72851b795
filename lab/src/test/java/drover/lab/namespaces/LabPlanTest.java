package drover.lab.namespaces;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.NodeId;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class LabPlanTest {
    private static LabPlan plan(String name, int nodes, OptionalDouble cpu) {
        return new LabPlan(
                name,
                nodes,
                cpu,
                Duration.ofMillis(100),
                Optional.of(LinkRate.parse("100mbit")),
                RootKind.BARE,
                LabPlan.DEFAULT_DISK_BYTES);
    }

    @Test
    void aPlanSurvivesBeingWrittenDown() {
        LabPlan plan = plan("a", 14, OptionalDouble.of(0.1));
        assertEquals(plan, LabPlan.fromJson(plan.toJson()));
        LabPlan unlimited = new LabPlan(
                "b",
                1,
                OptionalDouble.empty(),
                LabPlan.DEFAULT_CPU_PERIOD,
                Optional.empty(),
                RootKind.OVERLAY,
                1 << 30);
        assertEquals(unlimited, LabPlan.fromJson(unlimited.toJson()));
    }

    @Test
    void nodesHaveDifferentAddressesAndClocks() {
        LabPlan plan = plan("a", 60, OptionalDouble.empty());
        assertEquals(60, plan.nodeIds().stream().map(plan::addressOf).distinct().count());
        assertEquals(
                60,
                plan.nodeIds().stream().map(plan::clockOffsetSeconds).distinct().count());
        assertTrue(plan.addressOf(new NodeId("n60")).endsWith(".60"), plan.addressOf(new NodeId("n60")));
    }

    @Test
    void aNodeThatIsNotThereIsNamedWithThoseThatAre() {
        LabException failure = assertThrows(
                LabException.class, () -> plan("a", 3, OptionalDouble.empty()).addressOf(new NodeId("n4")));
        assertTrue(failure.getMessage().contains("'n4'") && failure.getMessage().contains("n1 to n3"));
    }

    @Test
    void nonsenseIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> plan("../x", 3, OptionalDouble.empty()));
        assertThrows(IllegalArgumentException.class, () -> plan("x", 0, OptionalDouble.empty()));
        assertThrows(IllegalArgumentException.class, () -> plan("x", 61, OptionalDouble.empty()));
        assertThrows(IllegalArgumentException.class, () -> plan("x", 1, OptionalDouble.of(0)));
        assertThrows(IllegalArgumentException.class, () -> plan("x", 1, OptionalDouble.of(Double.NaN)));
        assertThrows(IllegalArgumentException.class, () -> LinkRate.parse("fast"));
        assertThrows(IllegalArgumentException.class, () -> RootKind.parse("full"));
    }

    @Test
    void ratesAreReadAsTcWritesThem() {
        assertEquals(100_000_000, LinkRate.parse("100mbit").bitsPerSecond());
        assertEquals(1_000_000_000, LinkRate.parse("1Gbit").bitsPerSecond());
        assertEquals(512_000, LinkRate.parse("512kbit").bitsPerSecond());
    }
}
