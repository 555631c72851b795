package drover.lab.namespaces;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.NodeId;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LabPlanTest {
    private static LabPlan plan(String name, int nodes) {
        return new LabPlan(
                name,
                nodes,
                RootKind.BARE,
                NodeLimits.USUAL
                        .withCpu(CpuShares.parse("0.2,0.1", Duration.ofMillis(100)))
                        .withRate(LinkRate.parse("100mbit"))
                        .withMemory(1 << 30));
    }

    @Test
    void aPlanSurvivesBeingWrittenDown() {
        LabPlan plan = plan("a", 14);
        assertEquals(plan, LabPlan.fromJson(plan.toJson()));
        LabPlan unlimited = new LabPlan("b", 1, RootKind.OVERLAY, NodeLimits.USUAL);
        assertEquals(unlimited, LabPlan.fromJson(unlimited.toJson()));
    }

    @Test
    void nodesTakeSharesInTurn() {
        CpuShares shares = CpuShares.parse("0.2,0.1,0.05", CpuShares.DEFAULT_PERIOD);
        assertEquals(
                List.of(0.2, 0.1, 0.05, 0.2),
                IntStream.rangeClosed(1, 4).mapToObj(shares::of).toList());
    }

    @Test
    void nodesHaveDifferentAddressesAndClocks() {
        LabPlan plan = plan("a", 60);
        assertEquals(60, plan.nodeIds().stream().map(plan::addressOf).distinct().count());
        assertEquals(
                60,
                plan.nodeIds().stream().map(plan::clockOffsetSeconds).distinct().count());
        assertTrue(plan.addressOf(new NodeId("n60")).endsWith(".60"), plan.addressOf(new NodeId("n60")));
    }

    @Test
    void aNodeThatIsNotThereIsNamedWithThoseThatAre() {
        LabException failure =
                assertThrows(LabException.class, () -> plan("a", 3).addressOf(new NodeId("n4")));
        assertTrue(failure.getMessage().contains("'n4'") && failure.getMessage().contains("n1 to n3"));
    }

    @Test
    void nonsenseIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> plan("../x", 3));
        assertThrows(IllegalArgumentException.class, () -> plan("x", 0));
        assertThrows(IllegalArgumentException.class, () -> plan("x", 61));
        for (String shares : List.of("0", "NaN", "", "0.1,", "0.1;0.2"))
            assertThrows(
                    IllegalArgumentException.class, () -> CpuShares.parse(shares, CpuShares.DEFAULT_PERIOD), shares);
        assertThrows(IllegalArgumentException.class, () -> CpuShares.parse("0.1", Duration.ofMillis(9)));
        assertThrows(IllegalArgumentException.class, () -> NodeLimits.USUAL.withMemory(1000));
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
