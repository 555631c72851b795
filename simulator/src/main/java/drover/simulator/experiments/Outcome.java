package drover.simulator.experiments;

import drover.simulator.workload.Scenario;
import drover.simulator.world.Contender;
import drover.simulator.world.HomeBook;
import drover.simulator.world.Observer;
import drover.simulator.world.World;
import drover.simulator.world.WorldSettings;

/// How one contender did in one scenario.
///
/// @param slowdown mean over the jobs of (end - arrival) over the time alone on the best machine
/// @param moves per job
/// @param movesMost of one job
/// @param unfinished jobs that had not ended when the simulation was ended; counted with the time until then
record Outcome(double slowdown, double moves, int movesMost, int unfinished, int jobs) {
    private static final double UNTIL_SECONDS = 40_000;

    static Outcome of(Scenario scenario, Contender contender) {
        var world = new World(
                scenario.nodes(),
                scenario.jobs(),
                WorldSettings.faultless(UNTIL_SECONDS),
                contender,
                new Observer() {},
                scenario.seed());
        world.run();
        double best = Bounds.bestSpeed(scenario);
        double slowdowns = 0;
        int moves = 0;
        int most = 0;
        int unfinished = 0;
        for (HomeBook.Line line : world.jobs()) {
            double end = line.endedNs() < 0 ? world.timeline().nowSeconds() : line.endedNs() / 1e9;
            if (line.endedNs() < 0) unfinished++;
            slowdowns += (end - line.spec().arrivalNs() / 1e9) / (line.spec().workSeconds() / best);
            moves += line.moves();
            most = Math.max(most, line.moves());
        }
        int jobs = world.jobs().size();
        return new Outcome(slowdowns / jobs, (double) moves / jobs, most, unfinished, jobs);
    }
}
