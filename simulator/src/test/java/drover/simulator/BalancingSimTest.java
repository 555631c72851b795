package drover.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.JobId;
import drover.model.NodeId;
import drover.policy.load.WindowAge;
import drover.simulator.checkers.Invariants;
import drover.simulator.contenders.Kind;
import drover.simulator.experiments.Comparison;
import drover.simulator.experiments.Spread;
import drover.simulator.world.HomeBook;
import drover.simulator.world.JobSpec;
import drover.simulator.world.NodeSpec;
import drover.simulator.world.SimNode;
import drover.simulator.world.Timeline;
import drover.simulator.world.World;
import drover.simulator.world.WorldSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class BalancingSimTest {
    private static final long GIB = 1L << 30;

    private static List<NodeSpec> nodes(int count, double... speeds) {
        List<NodeSpec> nodes = new ArrayList<>();
        for (int i = 0; i < count; i++)
            nodes.add(new NodeSpec(new NodeId("n" + (i + 1)), speeds[i % speeds.length], 1, 4 * GIB, 125e6));
        return nodes;
    }

    private static List<JobSpec> jobs(int count, double workSeconds, long bytes) {
        List<JobSpec> jobs = new ArrayList<>();
        for (int i = 0; i < count; i++)
            jobs.add(new JobSpec(new JobId(new NodeId("n1"), i + 1L), 30 * Timeline.SECOND, workSeconds, bytes, false));
        return jobs;
    }

    private static World world(List<NodeSpec> nodes, List<JobSpec> jobs, Kind kind, long seed) {
        return new World(nodes, jobs, WorldSettings.faultless(100_000), kind.make(), new Invariants(seed, 5), seed);
    }

    private static int moves(World world) {
        return world.jobs().stream().mapToInt(HomeBook.Line::moves).sum();
    }

    @Test
    void aSteadyClusterMovesNobody() {
        World world = world(nodes(14, 1), jobs(14, 100_000, GIB / 8), Kind.DROVER, 1);
        world.runUntil(120);
        int before = moves(world);
        world.runUntil(120 + 600);
        assertEquals(before, moves(world), "moves in ten steady minutes");
    }

    @Test
    void shortBurstsOfOthersMoveNoJobMoreThanFiveTimes() {
        World world = world(nodes(14, 1), jobs(14, 3000, GIB / 8), Kind.DROVER, 2);
        SplittableRandom random = new SplittableRandom(2);
        for (SimNode node : world.nodes())
            world.timeline()
                    .every(
                            random.nextLong(Timeline.SECOND),
                            3 * Timeline.SECOND,
                            () -> node.otherTasks(random.nextInt(4) == 0 ? 2 : 0));
        world.run(); // Invariants throws on a sixth move
        assertTrue(world.allEnded());
    }

    @Test
    void jobsStartedOnOneNodeEndNearlyAsIfPlacedPerfectly() {
        World equal = world(nodes(14, 1), jobs(28, 300, GIB / 8), Kind.DROVER, 3);
        equal.run();
        assertTrue(
                equal.timeline().nowSeconds() - 30 < 600 * 1.15,
                "took " + (equal.timeline().nowSeconds() - 30));
    }

    @Test
    void guestsThatFillANodesMemoryAreUsheredOut() {
        List<NodeSpec> nodes = new ArrayList<>(nodes(4, 1));
        nodes.set(0, new NodeSpec(new NodeId("n1"), 1, 1, GIB, 125e6));
        World world = world(nodes, jobs(3, 300, GIB), Kind.DROVER, 4);
        world.runUntil(60);
        assertTrue(world.nodes().getFirst().usedBytes() <= GIB, "n1 still thrashes after 30 s");
    }

    @Test
    void agesOfEntriesAreWithinTheFormulas() {
        for (int count : new int[] {14, 64, 128}) {
            World world = world(nodes(count, 1), List.of(), Kind.DROVER, 5);
            world.runUntil(100);
            double[] ages = Spread.ages(world);
            String what = count + " nodes: mean " + ages[1] + ", oldest " + ages[2];
            assertEquals(count, ages[0], what);
            assertTrue(ages[1] <= WindowAge.average(count, World.ENTRIES) + 1, what);
            assertTrue(ages[2] <= 1.3 * WindowAge.maximum(count, World.ENTRIES) + 1, what);
        }
    }

    @Test
    void onGossipAloneDroverBeatsTheOthersAtEachLoad() {
        var slowdowns = Comparison.run(1, List.of(0.3, 0.7, 1.0), 8).stream()
                .collect(Collectors.groupingBy(
                        Comparison.Row::load, Collectors.toMap(Comparison.Row::contender, Comparison.Row::slowdown)));
        slowdowns.forEach((load, row) -> {
            for (Kind kind : List.of(Kind.ROUND_ROBIN, Kind.GREEDY, Kind.E_PVM, Kind.MOSIX, Kind.DROVER_PLACED))
                assertTrue(row.get(Kind.DROVER.word()) < row.get(kind.word()), "at load " + load + ": " + row);
            assertTrue(row.get(Kind.DROVER.word()) >= row.get("clairvoyant bound"), "at load " + load + ": " + row);
        });
    }
}
