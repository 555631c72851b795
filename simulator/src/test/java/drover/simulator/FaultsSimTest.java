package drover.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.JobId;
import drover.model.NodeId;
import drover.simulator.checkers.Invariants;
import drover.simulator.checkers.Trace;
import drover.simulator.contenders.Kind;
import drover.simulator.faults.FaultPlan;
import drover.simulator.workload.Scenario;
import drover.simulator.world.HomeBook;
import drover.simulator.world.World;
import drover.simulator.world.WorldSettings;
import java.util.List;
import org.junit.jupiter.api.Test;

class FaultsSimTest {
    private static final double FAULTS_UNTIL_SECONDS = 1000;

    private record Run(List<String> trace, int moves, int reruns) {}

    private static Run run(long seed, int faults) {
        Scenario scenario = Scenario.published(seed, 0.7);
        Invariants invariants = new Invariants(seed, 5);
        Trace trace = new Trace(invariants);
        World world = new World(
                scenario.nodes(), scenario.jobs(), WorldSettings.failing(100_000), Kind.DROVER.make(), trace, seed);
        FaultPlan.draw(seed, scenario.nodes().size(), faults, FAULTS_UNTIL_SECONDS)
                .apply(world);
        world.run();
        invariants.finish(world);
        int moves = world.jobs().stream().mapToInt(HomeBook.Line::moves).sum();
        int reruns = world.jobs().stream().mapToInt(HomeBook.Line::reruns).sum();
        return new Run(trace.lines(), moves, reruns);
    }

    @Test
    void whateverFailsNoJobRunsTwiceAtOnceAndNoneIsLost() {
        int moves = 0;
        int reruns = 0;
        for (long seed = 1; seed <= 50; seed++) {
            Run run = run(seed, 60);
            moves += run.moves();
            reruns += run.reruns();
        }
        assertTrue(moves > 400, "only " + moves + " moves were tried");
        assertTrue(reruns > 400, "only " + reruns + " reruns were needed");
    }

    @Test
    void theSameSeedGivesTheSameTraceAndAnotherAnother() {
        List<String> trace = run(7, 40).trace();
        assertEquals(trace, run(7, 40).trace());
        assertNotEquals(trace, run(8, 40).trace());
    }

    @Test
    void theCheckersSeeWhatTheyAreFor() {
        JobId job = new JobId(new NodeId("n1"), 1);
        var twice = new Invariants(1, 5);
        twice.runs(0, job, 1, new NodeId("n1"));
        assertThrows(IllegalStateException.class, () -> twice.runs(1, job, 2, new NodeId("n2")));
        var often = new Invariants(1, 5);
        assertThrows(IllegalStateException.class, () -> often.moved(0, job, new NodeId("n1"), new NodeId("n2"), 6, ""));
        var lost = new Invariants(1, 5);
        Scenario scenario = Scenario.published(1, 0.3);
        World unfinished =
                new World(scenario.nodes(), scenario.jobs(), WorldSettings.failing(10), Kind.DROVER.make(), lost, 1);
        assertThrows(IllegalStateException.class, () -> lost.finish(unfinished));
    }
}
