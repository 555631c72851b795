package drover.lab.command;

import drover.lab.namespaces.LabException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.ParameterException;

/// The command line of `drover lab` and `drover demo`. Exit status 1: it failed, and said what, why, and what next;
/// 2: wrong usage.
@Command(
        name = "drover",
        subcommands = {LabCommand.class, DemoCommand.class, HelpCommand.class})
public final class DroverLab {
    private DroverLab() {}

    public static int run(String... arguments) {
        CommandLine line = new CommandLine(new DroverLab());
        addHelp(line);
        line.getSubcommands().get("lab").getSubcommands().get("exec").setStopAtPositional(true);
        line.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        line.setParameterExceptionHandler(DroverLab::wrongUsage);
        line.setExecutionExceptionHandler((failure, command, parsed) -> {
            if (!(failure instanceof LabException
                    || failure instanceof IOException
                    || failure instanceof IllegalArgumentException)) throw failure;
            System.err.println("drover: " + words(failure));
            return failure instanceof IllegalArgumentException ? 2 : 1;
        });
        return line.execute(ExecWords.arrange(arguments));
    }

    static String words(Exception failure) {
        return switch (failure) {
            case FileSystemException file ->
                "cannot use " + file.getFile() + ": "
                        + (file.getReason() == null ? file.getClass().getSimpleName() : file.getReason())
                        + "; put that right, or name another place (--out)";
            default -> String.valueOf(failure.getMessage());
        };
    }

    private static void addHelp(CommandLine line) {
        line.getCommandSpec().mixinStandardHelpOptions(true);
        line.getSubcommands().values().stream()
                .filter(each -> !each.getCommandSpec().helpCommand())
                .forEach(DroverLab::addHelp);
    }

    private static int wrongUsage(ParameterException failure, String[] arguments) {
        String command = failure.getCommandLine().getCommandSpec().qualifiedName();
        System.err.println("drover: " + failure.getMessage() + "; see: " + command + " --help");
        return 2;
    }
}
