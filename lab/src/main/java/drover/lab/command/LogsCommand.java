package drover.lab.command;

import drover.lab.namespaces.Lab;
import drover.lab.namespaces.LabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "logs", description = "Prints what a node's daemon has logged since the lab is up.")
final class LogsCommand implements Callable<Integer> {
    @Mixin
    NameOption lab = new NameOption();

    @Parameters(paramLabel = "NODE")
    String node;

    @Override
    public Integer call() {
        Lab it = lab.open();
        it.plan().numberOf(NameOption.node(node));
        Path log = it.directory().log(NameOption.node(node));
        try {
            if (Files.exists(log)) Files.copy(log, System.out);
            System.out.flush();
            return 0;
        } catch (IOException e) {
            throw new LabException("cannot read " + log + ": " + e.getMessage(), e);
        }
    }
}
