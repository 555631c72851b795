package drover.simulator.command;

import drover.simulator.contenders.Kind;
import drover.simulator.experiments.Comparison;
import drover.simulator.experiments.LinePlot;
import drover.simulator.experiments.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "compare",
        description = "Round robin, greedy, E-PVM, MOSIX-like and Drover in the same scenarios: mean slowdown.")
final class CompareCommand implements Callable<Integer> {
    @Mixin
    Output output = new Output();

    @Option(names = "--scenarios", paramLabel = "N", defaultValue = "3000", description = "over all levels of load")
    int scenarios;

    @Option(names = "--loads", split = ",", paramLabel = "L", defaultValue = "0.3,0.5,0.7,0.8,0.9,1.0")
    List<Double> loads = new ArrayList<>();

    @Override
    public Integer call() throws IOException {
        int each = scenarios / loads.size();
        if (each < 1) throw new IllegalArgumentException("--scenarios must be at least one for each load");
        List<Comparison.Row> rows = Comparison.run(output.seed, loads, each);
        Table all = new Table();
        for (Comparison.Row row : rows)
            all.row(
                    "contender",
                    row.contender(),
                    "load",
                    row.load(),
                    "scenarios",
                    row.scenarios(),
                    "slowdown",
                    row.slowdown(),
                    "error",
                    row.error(),
                    "moves_per_job",
                    row.moves(),
                    "moves_most",
                    row.movesMost(),
                    "unfinished",
                    row.unfinished());
        all.write(output.directory, output.command());
        System.out.print(wide(rows).markdown());
        plot(rows);
        return 0;
    }

    /// A line for each contender, a column for each load.
    private Table wide(List<Comparison.Row> rows) {
        Table table = new Table();
        for (String contender : contenders(rows)) {
            List<Comparison.Row> own = of(rows, contender);
            List<Object> line = new ArrayList<>(List.of("contender", contender));
            for (Comparison.Row row : own) line.addAll(List.of("load " + row.load(), row.slowdown()));
            line.addAll(List.of("mean", mean(own)));
            line.addAll(List.of(
                    "moves per job",
                    own.stream().mapToDouble(Comparison.Row::moves).average().orElse(0)));
            line.addAll(List.of(
                    "most moves",
                    own.stream().mapToInt(Comparison.Row::movesMost).max().orElse(0)));
            table.row(line.toArray());
        }
        return table;
    }

    private static double mean(List<Comparison.Row> rows) {
        return rows.stream().mapToDouble(Comparison.Row::slowdown).average().orElse(0);
    }

    private void plot(List<Comparison.Row> rows) throws IOException {
        LinePlot plot = new LinePlot("Mean slowdown, without round robin", "load", "slowdown", false);
        for (String contender : contenders(rows)) {
            if (contender.equals(Kind.ROUND_ROBIN.word())) continue; // far above all others
            List<Comparison.Row> own = of(rows, contender);
            plot.line(
                    contender,
                    own.stream().map(Comparison.Row::load).toList(),
                    own.stream().map(Comparison.Row::slowdown).toList());
        }
        plot.save(output.directory, "slowdown");
    }

    private static List<String> contenders(List<Comparison.Row> rows) {
        return rows.stream().map(Comparison.Row::contender).distinct().toList();
    }

    private static List<Comparison.Row> of(List<Comparison.Row> rows, String contender) {
        return rows.stream().filter(row -> row.contender().equals(contender)).toList();
    }
}
