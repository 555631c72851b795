package drover.daemon.security.command;

import drover.daemon.security.SecurityFailure;
import drover.model.NodeId;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `drover revoke`.
@Command(
        name = "revoke",
        description = "Revoke a node's certificate: every node cuts its links to it within seconds.",
        mixinStandardHelpOptions = true)
public final class RevokeCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "NODE")
    private String node = "";

    @Override
    public Integer call() throws IOException, SecurityFailure {
        try {
            Surroundings.enrolment().revoke(new NodeId(node));
        } catch (IllegalArgumentException e) {
            throw new SecurityFailure(e.getMessage(), e);
        }
        System.out.println(node + " is revoked; the daemon here tells the other nodes");
        return 0;
    }
}
