package drover.cli.command;

import drover.cli.connection.CommandFailedException;
import drover.cli.tui.Terminal;
import drover.cli.tui.TopScreen;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// `drover top`
@Command(name = "top", description = "Show nodes and jobs, live; q quits. Prints once when the output is no terminal.")
final class TopCommand implements Callable<Integer> {
    private final CommandContext context;

    TopCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() throws CommandFailedException {
        TopScreen screen = new TopScreen(
                () -> context.ask(CommandContext.question("nodes")),
                () -> context.ask(CommandContext.question("ps").put("all", false)));
        Optional<Terminal> terminal = Terminal.ofStandardOutput();
        if (terminal.isEmpty() || terminal.get().size().isEmpty())
            screen.once(context.width().getAsInt()).forEach(context.out()::println);
        else screen.live(terminal.get(), context.out());
        return 0;
    }
}
