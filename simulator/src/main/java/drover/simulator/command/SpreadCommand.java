package drover.simulator.command;

import drover.simulator.experiments.LinePlot;
import drover.simulator.experiments.Spread;
import drover.simulator.experiments.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "spread",
        description = "As many jobs as nodes, all started on one: how long they take to spread, and what gossip costs.")
final class SpreadCommand implements Callable<Integer> {
    @Mixin
    Output output = new Output();

    @Option(names = "--nodes", split = ",", paramLabel = "N", defaultValue = "14,64,256,1024,10000")
    List<Integer> nodes = new ArrayList<>();

    @Override
    public Integer call() throws IOException {
        Table table = new Table();
        LinePlot plot = new LinePlot(
                "As many jobs as nodes, all started on one node", "seconds", "share of the nodes that are busy", false);
        for (int count : nodes) {
            Spread.Result result = Spread.run(output.seed, count);
            table.row(
                    "nodes",
                    result.nodes(),
                    "started_seconds",
                    result.startedSeconds(),
                    "spread_seconds",
                    result.spreadSeconds(),
                    "all_ended_seconds",
                    result.takesSeconds(),
                    "moves_per_job",
                    result.movesPerJob(),
                    "messages_per_node_second",
                    result.messagesPerSecond(),
                    "bytes_per_node_second",
                    result.bytesPerSecond(),
                    "known_nodes",
                    result.knownNodes(),
                    "age_seconds",
                    result.ageSeconds(),
                    "age_formula",
                    result.ageFormula(),
                    "oldest_seconds",
                    result.oldestSeconds(),
                    "oldest_formula",
                    result.oldestFormula());
            plot.line(
                    count + " nodes",
                    result.moments().stream().map(Spread.Moment::seconds).toList(),
                    result.moments().stream()
                            .map(each -> each.busy() / (double) count)
                            .toList());
        }
        table.write(output.directory, output.command());
        plot.save(output.directory, "spread");
        System.out.print(table.markdown());
        return 0;
    }
}
