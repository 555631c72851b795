package drover.cli.command;

import drover.cli.connection.CommandFailedException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `drover freeze`
@Command(name = "freeze", description = "Have jobs stand still where they are; nothing of them is lost.")
final class FreezeCommand implements Callable<Integer> {
    private final CommandContext context;

    @Parameters(paramLabel = "JOB", arity = "1..*", description = "The jobs' numbers, as drover ps lists them.")
    private List<String> jobs = List.of();

    FreezeCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() throws CommandFailedException {
        context.askOfEach("freeze", jobs);
        return 0;
    }
}
