package drover.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import drover.cli.connection.CommandFailedException;
import drover.cli.table.ObjectsTable;
import drover.cli.table.Table;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `drover why`
@Command(name = "why", description = "Say why a job runs where it runs, in a sentence and numbers.")
final class WhyCommand implements Callable<Integer> {
    private final CommandContext context;

    @Parameters(paramLabel = "JOB", description = "The job's number, as drover ps lists it.")
    private String job = "";

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    WhyCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() throws CommandFailedException {
        JsonNode answer = context.ask(CommandContext.question("why").put("job", job));
        if (json) {
            context.printJson(answer);
            return 0;
        }
        context.out().println(Table.printable(answer.path("sentence").asText()));
        JsonNode numbers = answer.path("numbers");
        if (!numbers.isEmpty()) {
            context.out().println();
            context.print(ObjectsTable.of(numbers));
        }
        return 0;
    }
}
