package drover.cli.command;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `drover help`
@Command(name = "help", description = "Print the page of all commands, or a command's own.")
final class HelpCommand implements Callable<Integer> {
    private final CommandContext context;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "COMMAND", arity = "0..1", description = "The command to explain.")
    private String command = "";

    HelpCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        CommandLine root = spec.commandLine().getParent();
        if (command == null || command.isEmpty()) {
            context.out().print(HelpPage.text());
        } else if (root.getSubcommands().containsKey(command)) {
            root.getSubcommands().get(command).usage(context.out());
        } else if (HelpPage.names().contains(command)) {
            HelpPage.PARTS.stream()
                    .flatMap(p -> p.lines().stream())
                    .filter(l -> l.usage().split(" ", 2)[0].equals(command))
                    .forEach(l -> context.out().println("Usage: drover " + l.usage() + "\n" + l.says()));
            context.out().println("Its options: drover " + command + " --help");
        } else {
            throw new ParameterException(spec.commandLine(), DroverCommand.unknown(command));
        }
        return 0;
    }
}
