package drover.simulator.command;

import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// What all simulations are told.
final class Output {
    @Spec(Spec.Target.MIXEE)
    CommandSpec spec = CommandSpec.create();

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "the same seed gives the same result")
    long seed;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "where results and plots go")
    Path directory = Path.of("");

    String command() {
        return "drover "
                + String.join(" ", spec.root().commandLine().getParseResult().originalArgs());
    }
}
