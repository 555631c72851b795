package drover.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import drover.cli.connection.CommandFailedException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `drover migrate`
@Command(name = "migrate", description = "Move a running job to another node; it notices nothing.")
final class MigrateCommand implements Callable<Integer> {
    private final CommandContext context;

    @Parameters(index = "0", paramLabel = "JOB", description = "The job's number, as drover ps lists it.")
    private String job = "";

    @Parameters(
            index = "1",
            paramLabel = "NODE",
            description = "A node's name, as drover nodes lists it; or best: where it gets most; or home.")
    private String node = "";

    MigrateCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() throws CommandFailedException {
        // As long as it takes: the daemon has its own limits, and says which one was reached.
        JsonNode moved = context.daemon()
                .askForText(CommandContext.question("migrate").put("job", job).put("node", node), context.out());
        context.out()
                .println("job " + moved.path("job").asText() + " moved from "
                        + moved.path("from").asText() + " to "
                        + moved.path("to").asText());
        return 0;
    }
}
