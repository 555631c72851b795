package drover.daemon.security.command;

import drover.daemon.security.EnrolledNode;
import drover.daemon.security.SecurityFailure;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `drover join`.
@Command(
        name = "join",
        description = "Make this machine a node of the cluster that made the token.",
        mixinStandardHelpOptions = true)
public final class JoinCommand implements Callable<Integer> {
    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "HOST",
            description = "where the authority's daemon runs, HOST or HOST:PORT (default: the token says, or mDNS)")
    private Optional<String> host = Optional.empty();

    @Option(names = "--token", required = true, description = "the token; - reads it from standard input")
    private String token = "";

    @Option(names = "--name", description = "this node's name (default: the host's)")
    private Optional<String> name = Optional.empty();

    @Option(names = "--address", description = "this node's address (default: the first that is not loopback)")
    private Optional<String> address = Optional.empty();

    @Override
    public Integer call() throws IOException, SecurityFailure {
        EnrolledNode self = Surroundings.enrolment().join(host, tokenText(), name, address);
        System.out.println("this machine is node " + self.node() + " at " + self.address()
                + "; next: start the daemon (drover daemon)");
        return 0;
    }

    private String tokenText() throws IOException {
        if (!token.equals("-")) return token;
        String line = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII)).readLine();
        return line == null ? "" : line;
    }
}
