package drover.daemon.security.command;

import drover.daemon.security.SecurityFailure;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `drover token`.
@Command(
        name = "token",
        description = "Print a token with which a machine can join. Treat it as a password until it is used.",
        mixinStandardHelpOptions = true)
public final class TokenCommand implements Callable<Integer> {
    @Option(
            names = "--ttl",
            defaultValue = "1h",
            converter = Durations.class,
            description = "how long it is valid, as 90s, 30m, 1h, 2d (default: 1h)")
    private Duration life = Duration.ofHours(1);

    @Option(names = "--uses", defaultValue = "1", description = "how many machines may join with it (default: 1)")
    private int uses = 1;

    @Override
    public Integer call() throws IOException, SecurityFailure {
        System.out.println(Surroundings.enrolment().token(life, uses));
        return 0;
    }
}
