package drover.lab.command;

import drover.lab.namespaces.LabPlan;
import drover.lab.namespaces.LinkRate;
import drover.lab.namespaces.RootKind;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import picocli.CommandLine.Option;

/// How a lab's nodes are to be limited.
final class PlanOptions {
    @Option(
            names = "--cpu",
            paramLabel = "SHARE",
            description = "share of one core for each node's guests, e.g. 0.10 (default: no limit)")
    Double cpu;

    @Option(
            names = "--cpu-period",
            paramLabel = "MS",
            description =
                    "how often that share is counted anew; 100 divides it evenly among several busy guests of a node, 10 is smoother for one (default: 10)")
    long cpuPeriod = LabPlan.DEFAULT_CPU_PERIOD.toMillis();

    @Option(
            names = "--rate",
            paramLabel = "RATE",
            description = "speed of each node's link, e.g. 100mbit (default: no limit)")
    String rate;

    @Option(
            names = "--root",
            paramLabel = "KIND",
            defaultValue = "overlay",
            description =
                    "a node's /: overlay (this machine's below a disk of its own) or bare (only Drover and the JDK)")
    String root = "overlay";

    @Option(
            names = "--disk",
            paramLabel = "SIZE",
            defaultValue = "1G",
            description = "limit of each node's disk; it is memory, taken as it fills (default: ${DEFAULT-VALUE})")
    String disk = "1G";

    LabPlan plan(String name, int nodes) {
        return new LabPlan(
                name,
                nodes,
                cpu == null ? OptionalDouble.empty() : OptionalDouble.of(cpu),
                Duration.ofMillis(cpuPeriod),
                rate == null ? Optional.empty() : Optional.of(LinkRate.parse(rate)),
                RootKind.parse(root),
                Sizes.parseBytes(disk));
    }
}
