package drover.cli.command;

import drover.cli.connection.CommandFailedException;
import drover.cli.table.Table;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/// The root of the commands: finds the right one, and turns every failure into a message and an exit status.
@Command(name = "drover")
public final class DroverCommand {
    static final int OK = 0;
    static final int FAILED = 1;
    static final int WRONG_USAGE = 2;

    /// Only the one that is asked for is made, as picocli reads each by reflection; `help` explains any.
    private static final Map<String, Function<CommandContext, Object>> COMMANDS = Map.ofEntries(
            Map.entry("nodes", NodesCommand::new),
            Map.entry("ps", PsCommand::new),
            Map.entry("show", ShowCommand::new),
            Map.entry("why", WhyCommand::new),
            Map.entry("logs", LogsCommand::new),
            Map.entry("kill", KillCommand::new),
            Map.entry("migrate", MigrateCommand::new),
            Map.entry("freeze", FreezeCommand::new),
            Map.entry("continue", ContinueCommand::new),
            Map.entry("node", NodeCommand::new),
            Map.entry("top", TopCommand::new),
            Map.entry("help", HelpCommand::new),
            Map.entry("version", VersionCommand::new));

    private DroverCommand() {}

    /// Runs one command line and returns the exit status.
    public static int execute(CommandContext context, PrintStream err, List<String> words) {
        if (words.isEmpty()) {
            err.print(HelpPage.text());
            return WRONG_USAGE;
        }
        String first = words.getFirst();
        if (first.equals("--help") || first.equals("-h")) {
            context.out().print(HelpPage.text());
            return OK;
        }
        String name = first.equals("--version") || first.equals("-V") ? "version" : first;
        if (!COMMANDS.containsKey(name)) {
            err.println("drover: " + unknown(name));
            return WRONG_USAGE;
        }
        String[] normal = KillArguments.normal(words).toArray(String[]::new);
        normal[0] = name;
        int status = commandLine(context, err, name).execute(normal);
        context.out().flush();
        return status;
    }

    static String unknown(String name) {
        String shown = Table.printable(name);
        Optional<String> near = HelpPage.names().stream()
                .filter(n -> distance(n, name.toLowerCase(Locale.ROOT)) <= Math.max(1, n.length() / 3))
                .min(Comparator.comparingInt(n -> distance(n, name.toLowerCase(Locale.ROOT))));
        return "'" + shown + "' is no command of this version."
                + near.map(n -> " Did you mean: drover " + n + "?").orElse("") + " All commands: drover help";
    }

    private static CommandLine commandLine(CommandContext context, PrintStream err, String name) {
        CommandLine line = new CommandLine(new DroverCommand());
        Collection<Function<CommandContext, Object>> commands =
                name.equals("help") ? COMMANDS.values() : List.of(COMMANDS.get(name));
        for (Function<CommandContext, Object> command : commands) {
            CommandLine one = new CommandLine(command.apply(context));
            one.getCommandSpec().mixinStandardHelpOptions(false);
            one.getCommandSpec()
                    .addOption(CommandLine.Model.OptionSpec.builder("-h", "--help")
                            .usageHelp(true)
                            .description("Print this page.")
                            .build());
            line.addSubcommand(one);
        }
        line.setOut(new PrintWriter(context.out(), true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
        line.setParameterExceptionHandler((e, args) -> wrongUsage(e, err));
        line.setExecutionExceptionHandler((e, command, result) -> failed(e, err));
        return line;
    }

    private static int wrongUsage(ParameterException e, PrintStream err) {
        String own = e.getCommandLine().getCommandName();
        boolean saysMore = e.getMessage().endsWith("drover help");
        err.println(
                "drover: " + Table.printable(e.getMessage()) + (saysMore ? "" : ". See: drover " + own + " --help"));
        return WRONG_USAGE;
    }

    private static int failed(Exception e, PrintStream err) throws Exception {
        if (!(e instanceof CommandFailedException expected)) throw e;
        if (!expected.getMessage().isEmpty()) err.println("drover: " + Table.printable(expected.getMessage()));
        return expected.exitStatus();
    }

    /// Levenshtein's distance, for the guess after a typing mistake.
    private static int distance(String a, String b) {
        int[] above = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) above[j] = j;
        for (int i = 1; i <= a.length(); i++) {
            int[] row = new int[b.length() + 1];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int swap = above[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(swap, 1 + Math.min(above[j], row[j - 1]));
            }
            above = row;
        }
        return above[b.length()];
    }
}
