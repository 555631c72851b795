package drover.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import drover.cli.connection.CommandFailedException;
import drover.cli.table.ObjectsTable;
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
        else ObjectsTable.fields(answer).forEach(context.out()::println);
        return 0;
    }
}
