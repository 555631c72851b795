package drover.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import drover.cli.connection.CommandFailedException;
import drover.cli.table.ObjectsTable;
import drover.cli.table.Table;
import drover.cli.table.Units;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `drover show`
@Command(name = "show", description = "Show all that is known of one job.")
final class ShowCommand implements Callable<Integer> {
    private final CommandContext context;

    @Parameters(paramLabel = "JOB", description = "The job's number, as drover ps lists it.")
    private String job = "";

    @Option(names = "--json", description = "Print one JSON array; sizes in bytes, times in seconds.")
    private boolean json;

    ShowCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() throws CommandFailedException {
        JsonNode answer = context.ask(CommandContext.question("show").put("job", job));
        if (json) context.printJson(answer);
        else {
            JsonNode transfers = ((ObjectNode) answer).remove("transfers");
            ObjectsTable.fields(answer).forEach(context.out()::println);
            if (transfers != null) for (JsonNode each : transfers) context.out().println(transfer(each));
        }
        return 0;
    }

    /// One line of a large file's progress.
    private static String transfer(JsonNode it) {
        long size = it.path("size").asLong();
        String path = Table.printable(it.path("path").asText());
        if (it.path("direction").asText().equals("write"))
            return "writes " + path + ": " + Units.bytes(size) + " so far";
        long percent = size == 0 ? 100 : Math.min(100, 100 * it.path("position").asLong() / size);
        return "reads " + path + ": " + percent + " % of " + Units.bytes(size);
    }
}
