package drover.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import drover.cli.connection.CommandFailedException;
import drover.cli.table.NodesTable;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `drover nodes`
@Command(name = "nodes", description = "List the nodes of the cluster: state, load, memory, guests.")
final class NodesCommand implements Callable<Integer> {
    private final CommandContext context;

    @Option(names = "--json", description = "Print one JSON array; sizes in bytes, times in seconds.")
    private boolean json;

    NodesCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() throws CommandFailedException {
        JsonNode nodes = context.ask(CommandContext.question("nodes"));
        if (json) context.printJson(nodes);
        else context.print(NodesTable.of(nodes));
        return 0;
    }
}
