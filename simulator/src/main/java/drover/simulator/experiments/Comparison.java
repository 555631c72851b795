package drover.simulator.experiments;

import drover.simulator.contenders.Kind;
import drover.simulator.workload.Scenario;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// The published comparison: all contenders in the same scenarios, at each level of load.
public final class Comparison {
    /// One contender at one level of load.
    ///
    /// @param slowdown mean over the scenarios
    /// @param error standard error of that mean
    /// @param moves per job
    /// @param movesMost of one job
    /// @param unfinished jobs that had not ended when a simulation was ended
    public record Row(
            String contender,
            double load,
            int scenarios,
            double slowdown,
            double error,
            double moves,
            int movesMost,
            int unfinished) {}

    private Comparison() {}

    /// Runs them, several scenarios at a time; the result does not depend on that.
    public static List<Row> run(long seed, List<Double> loads, int scenariosEach) {
        List<Row> rows = new ArrayList<>();
        for (double load : loads) {
            for (Kind kind : Kind.values())
                rows.add(row(
                        kind.word(),
                        load,
                        each(seed, scenariosEach, i -> Outcome.of(Scenario.published(i, load), kind.make()))));
            rows.add(row("even sharing", load, each(seed, scenariosEach, i -> bound(load, i, false))));
            rows.add(row("clairvoyant bound", load, each(seed, scenariosEach, i -> bound(load, i, true))));
        }
        return rows;
    }

    private interface Trial {
        Outcome of(long seed);
    }

    private static List<Outcome> each(long seed, int count, Trial trial) {
        return IntStream.range(0, count)
                .parallel()
                .mapToObj(i -> trial.of(seed + i))
                .toList();
    }

    private static Outcome bound(double load, long seed, boolean clairvoyant) {
        Scenario scenario = Scenario.published(seed, load);
        double slowdown = clairvoyant ? Bounds.clairvoyant(scenario) : Bounds.evenSharing(scenario);
        return new Outcome(slowdown, 0, 0, 0, scenario.jobs().size());
    }

    private static Row row(String contender, double load, List<Outcome> outcomes) {
        double mean = outcomes.stream().mapToDouble(Outcome::slowdown).average().orElseThrow();
        double squares = outcomes.stream()
                .mapToDouble(each -> Math.pow(each.slowdown() - mean, 2))
                .sum();
        int count = outcomes.size();
        return new Row(
                contender,
                load,
                count,
                mean,
                count < 2 ? 0 : Math.sqrt(squares / (count - 1) / count),
                outcomes.stream().mapToDouble(Outcome::moves).average().orElseThrow(),
                outcomes.stream().mapToInt(Outcome::movesMost).max().orElseThrow(),
                outcomes.stream().mapToInt(Outcome::unfinished).sum());
    }
}
