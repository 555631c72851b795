package drover.cli.command;

import drover.cli.connection.CommandFailedException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `drover kill`
@Command(name = "kill", description = "Send a signal to jobs; TERM unless another is named.")
final class KillCommand implements Callable<Integer> {
    private final CommandContext context;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "JOB", arity = "1..*", description = "The jobs' numbers, as drover ps lists them.")
    private List<String> jobs = List.of();

    @Option(
            names = {"-s", "--signal"},
            paramLabel = "SIGNAL",
            defaultValue = "TERM",
            description = "A name with or without SIG, or a number; -9 and -KILL work as with kill(1).")
    private String signal = "TERM";

    KillCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() throws CommandFailedException {
        String name = SignalNames.canonical(signal)
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(), "'" + signal + "' is no signal. Names are as in: kill -l"));
        for (String job : jobs)
            context.ask(CommandContext.question("kill").put("job", job).put("signal", name));
        return 0;
    }
}
