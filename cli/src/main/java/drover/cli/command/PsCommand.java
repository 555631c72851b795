package drover.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import drover.cli.connection.CommandFailedException;
import drover.cli.table.JobsTable;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `drover ps`
@Command(name = "ps", description = "List the jobs whose home is this node.")
final class PsCommand implements Callable<Integer> {
    private final CommandContext context;

    @Option(
            names = {"-a", "--all"},
            description = "Ended jobs too.")
    private boolean all;

    @Option(names = "--json", description = "Print one JSON array; sizes in bytes, times in seconds.")
    private boolean json;

    PsCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() throws CommandFailedException {
        JsonNode jobs = context.ask(CommandContext.question("ps").put("all", all));
        if (json) context.printJson(jobs);
        else context.print(JobsTable.of(jobs, all));
        return 0;
    }
}
