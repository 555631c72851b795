package drover.cli.command;

import drover.cli.connection.CommandFailedException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `drover logs`: bytes go to standard output as the job wrote them.
@Command(name = "logs", description = "Print what a detached job has written.")
final class LogsCommand implements Callable<Integer> {
    private final CommandContext context;

    @Parameters(paramLabel = "JOB", description = "The job's number, as drover ps lists it.")
    private String job = "";

    @Option(
            names = {"-f", "--follow"},
            description = "Go on until the job ends.")
    private boolean follow;

    LogsCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() throws CommandFailedException {
        // Not System.out: that one hides a closed pipe.
        try (OutputStream out = new FileOutputStream(FileDescriptor.out)) {
            context.daemon()
                    .askForText(CommandContext.question("logs").put("job", job).put("follow", follow), out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return 0;
    }
}
