package drover.daemon.security.command;

import drover.daemon.security.SecurityFailure;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `drover init`.
@Command(
        name = "init",
        description = "Make a cluster, its certificate authority, and this machine its first node.",
        mixinStandardHelpOptions = true)
public final class InitCommand implements Callable<Integer> {
    @Option(names = "--name", description = "this node's name (default: the host's)")
    private Optional<String> name = Optional.empty();

    @Option(names = "--address", description = "this node's address (default: the first that is not loopback)")
    private Optional<String> address = Optional.empty();

    @Option(names = "--cluster", defaultValue = "drover", description = "the cluster's name (default: drover)")
    private String cluster = "drover";

    @Option(
            names = "--certificate-life",
            defaultValue = "30d",
            converter = Durations.class,
            description = "how long a node's certificate is valid; it renews itself (default: 30d)")
    private Duration certificateLife = Duration.ofDays(30);

    @Override
    public Integer call() throws IOException, SecurityFailure {
        String id = Surroundings.enrolment().init(name, address, cluster, certificateLife);
        System.out.println("made cluster " + id + "; its authority is in this node's state directory.");
        System.out.println("next: start the daemon (drover daemon), make a token (drover token),"
                + " and keep a backup (drover ca backup FILE)");
        return 0;
    }
}
