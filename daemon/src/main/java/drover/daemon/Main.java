package drover.daemon;

import drover.daemon.config.DaemonConfig.Places;
import drover.daemon.doctor.DoctorCommand;
import drover.daemon.security.SecurityFailure;
import drover.daemon.security.command.CaCommand;
import drover.daemon.security.command.InitCommand;
import drover.daemon.security.command.JoinCommand;
import drover.daemon.security.command.LeaveCommand;
import drover.daemon.security.command.RevokeCommand;
import drover.daemon.security.command.TokenCommand;
import java.io.IOException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// The commands that run on a node's own files, and the daemon itself.
@Command(
        name = "drover",
        description = "Many machines behave as one.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        subcommands = {
            DaemonCommand.class,
            InitCommand.class,
            TokenCommand.class,
            JoinCommand.class,
            LeaveCommand.class,
            RevokeCommand.class,
            CaCommand.class,
            DoctorCommand.class
        })
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setExecutionExceptionHandler((thrown, _, _) -> {
                    System.err.println("drover: " + words(thrown));
                    return 1;
                })
                .setParameterExceptionHandler((thrown, _) -> {
                    System.err.println("drover: " + thrown.getMessage() + "; see: "
                            + thrown.getCommandLine().getCommandSpec().qualifiedName() + " --help");
                    return 2;
                });
    }

    private static String words(Exception thrown) {
        if (thrown instanceof IOException || thrown instanceof SecurityFailure)
            return FailureWords.of(
                    thrown, Places.fromEnvironment(System.getenv()).state());
        return "this is a fault of drover: " + thrown + " at "
                + (thrown.getStackTrace().length > 0 ? thrown.getStackTrace()[0] : "an unknown place");
    }
}
