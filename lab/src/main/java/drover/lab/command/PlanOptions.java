package drover.lab.command;

import drover.lab.namespaces.CpuShares;
import drover.lab.namespaces.LabPlan;
import drover.lab.namespaces.LinkRate;
import drover.lab.namespaces.NodeLimits;
import drover.lab.namespaces.RootKind;
import java.time.Duration;
import picocli.CommandLine.Option;

/// How a lab's nodes are to be limited.
final class PlanOptions {
    @Option(
            names = "--cpu",
            paramLabel = "SHARE",
            description =
                    "share of one core for each node's guests, e.g. 0.10, or several that nodes get in turn, e.g. 0.20,0.10,0.05 (default: no limit)")
    String cpu;

    @Option(
            names = "--cpu-period",
            paramLabel = "MS",
            description =
                    "how often that share is counted anew; 100 divides it evenly among several busy guests of a node, 10 is smoother for one (default: 10)")
    long cpuPeriod = CpuShares.DEFAULT_PERIOD.toMillis();

    @Option(
            names = "--rate",
            paramLabel = "RATE",
            description = "speed of each node's link, e.g. 100mbit (default: no limit)")
    String rate;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            description = "memory of each node's guests, e.g. 1G (default: no limit)")
    String memory;

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
        NodeLimits limits = NodeLimits.USUAL.withDisk(Sizes.parseBytes(disk));
        if (cpu != null) limits = limits.withCpu(CpuShares.parse(cpu, Duration.ofMillis(cpuPeriod)));
        if (memory != null) limits = limits.withMemory(Sizes.parseBytes(memory));
        if (rate != null) limits = limits.withRate(LinkRate.parse(rate));
        return new LabPlan(name, nodes, RootKind.parse(root), limits);
    }
}
