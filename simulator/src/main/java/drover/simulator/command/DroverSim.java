package drover.simulator.command;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.ParameterException;

/// The command line of `drover sim`. Exit status 1: it failed, and said what, why, and what next; 2: wrong usage.
@Command(
        name = "drover",
        subcommands = {DroverSim.Sim.class, HelpCommand.class})
public final class DroverSim {
    private DroverSim() {}

    @Command(
            name = "sim",
            description = "Simulates clusters that run Drover's own policies, from a seed.",
            subcommands = {CompareCommand.class, SpreadCommand.class})
    static final class Sim {}

    public static int run(String... arguments) {
        CommandLine line = new CommandLine(new DroverSim());
        addHelp(line);
        line.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        line.setParameterExceptionHandler(DroverSim::wrongUsage);
        line.setExecutionExceptionHandler((failure, command, parsed) -> {
            if (!(failure instanceof IOException || failure instanceof IllegalArgumentException)) throw failure;
            System.err.println("drover: " + words(failure));
            return failure instanceof IllegalArgumentException ? 2 : 1;
        });
        return line.execute(arguments);
    }

    private static String words(Exception failure) {
        return failure instanceof FileSystemException file
                ? "cannot use " + file.getFile() + ": " + file.getReason() + "; put that right, or name another --out"
                : String.valueOf(failure.getMessage());
    }

    private static void addHelp(CommandLine line) {
        line.getCommandSpec().mixinStandardHelpOptions(true);
        line.getSubcommands().values().stream()
                .filter(each -> !each.getCommandSpec().helpCommand())
                .forEach(DroverSim::addHelp);
    }

    private static int wrongUsage(ParameterException failure, String[] arguments) {
        String command = failure.getCommandLine().getCommandSpec().qualifiedName();
        System.err.println("drover: " + failure.getMessage() + "; see: " + command + " --help");
        return 2;
    }
}
