package drover.cli.command;

import drover.cli.connection.CommandFailedException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `drover continue`
@Command(name = "continue", description = "Let frozen jobs go on.")
final class ContinueCommand implements Callable<Integer> {
    private final CommandContext context;

    @Parameters(paramLabel = "JOB", arity = "1..*", description = "The jobs' numbers, as drover ps lists them.")
    private List<String> jobs = List.of();

    ContinueCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() throws CommandFailedException {
        context.askOfEach("continue", jobs);
        return 0;
    }
}
