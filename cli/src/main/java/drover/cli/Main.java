package drover.cli;

import drover.cli.command.CommandContext;
import drover.cli.command.DroverCommand;
import drover.cli.connection.DaemonConnection;
import drover.cli.table.Table;
import drover.cli.tui.Terminal;
import drover.protocol.local.RunDirectory;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Entry point of the commands that talk to the daemon.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        PrintStream out = stream(FileDescriptor.out);
        PrintStream err = stream(FileDescriptor.err);
        RunDirectory run;
        try {
            run = RunDirectory.of(System.getenv());
        } catch (IllegalArgumentException e) {
            err.println("drover: DROVER_RUN_DIR is wrong: " + e.getMessage());
            err.flush();
            System.exit(2);
            return;
        }
        DaemonConnection daemon = new DaemonConnection(run.daemonSocket());
        int status = DroverCommand.execute(new CommandContext(daemon, out, Main::width), err, List.of(args));
        out.flush();
        err.flush();
        System.exit(status);
    }

    /// COLUMNS, then the terminal itself; no limit when the output is a file or a pipe.
    private static int width() {
        String columns = System.getenv().getOrDefault("COLUMNS", "");
        if (columns.matches("[1-9][0-9]{0,4}")) return Integer.parseInt(columns);
        return Terminal.ofStandardOutput()
                .flatMap(Terminal::size)
                .map(Terminal.Size::columns)
                .orElse(Table.ANY_WIDTH);
    }

    /// UTF-8 whatever the locale: names of files and jobs are bytes, and most are UTF-8.
    private static PrintStream stream(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), false, StandardCharsets.UTF_8);
    }
}
