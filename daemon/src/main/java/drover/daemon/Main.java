package drover.daemon;

import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// Entry point of the daemon, and of the commands that work on this machine's identity.
@Command(name = "drover", subcommands = DaemonCommand.class)
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(Arrays.copyOf(args, args.length)));
    }
}
