package drover.daemon.security.command;

import drover.daemon.security.SecurityFailure;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// `drover leave`.
@Command(
        name = "leave",
        description = "Give up this node's certificate: the machine is no node any more. Stop its daemon first.",
        mixinStandardHelpOptions = true)
public final class LeaveCommand implements Callable<Integer> {
    @Override
    public Integer call() throws IOException, SecurityFailure {
        Optional<String> untold = Surroundings.enrolment().leave();
        System.out.println("this machine is no node of a cluster any more");
        if (untold.isEmpty()) return 0;
        System.err.println("drover: " + untold.get());
        return 1;
    }
}
