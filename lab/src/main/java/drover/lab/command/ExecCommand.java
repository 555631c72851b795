package drover.lab.command;

import drover.lab.namespaces.LabException;
import drover.linux.syscall.Execve;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "exec",
        description = "Runs a command in a node, with this terminal or these pipes; the exit status is the command's.",
        footer = "Without the JVM's start: /run/drover-lab/L/exec NODE CMD ARGS")
final class ExecCommand implements Callable<Integer> {
    @Mixin
    NameOption lab = new NameOption();

    @Option(names = "--user", paramLabel = "U", description = "run as this user of the node (default: root)")
    String user;

    @Option(names = "--env", paramLabel = "K=V", description = "set in the command's environment")
    List<String> environment = new ArrayList<>();

    @Option(names = "--system", description = "outside the node's quota, where its daemon runs")
    boolean system;

    @Parameters(index = "0", paramLabel = "NODE")
    String node;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "CMD")
    List<String> command = new ArrayList<>();

    @Override
    public Integer call() {
        var it = lab.open();
        var id = NameOption.node(node);
        var at = system ? it.systemOf(id) : it.at(id);
        List<String> options = new ArrayList<>();
        if (user != null) options.addAll(List.of("--user", user));
        environment.forEach(each -> options.addAll(List.of("--env", each)));
        List<String> line = at.command(command, options);
        // Not a child process: signals, job control and the exit status are then exactly the command's.
        int errno = Execve.execve(line.getFirst(), line, System.getenv());
        throw new LabException("cannot start " + line.getFirst() + ": errno " + errno);
    }
}
