package drover.lab.experiments;

import drover.lab.namespaces.Lab;
import drover.lab.namespaces.LabException;
import drover.lab.namespaces.LinkBytes;
import drover.model.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Reads what a run used: CPU time from the nodes' control groups, bytes at their interfaces, the machine's
/// idle time.
final class Meter {
    private static final double NS = 1e9;

    private final Lab lab;
    private final List<NodeId> nodes;
    private final Reading start;

    private record Reading(
            long timeNs,
            Map<String, Double> cpuSeconds,
            Map<String, LinkBytes> bytes,
            long machineTicks,
            long machineIdleTicks) {}

    Meter(Lab lab, List<NodeId> nodes) {
        this.lab = lab;
        this.nodes = List.copyOf(nodes);
        this.start = read();
    }

    /// Ends the measurement. The work's CPU time is that of the groups a system runs it in.
    Sample stop(RunSystem system, int repeat, int jobs) {
        Reading end = read();
        double seconds = (end.timeNs - start.timeNs) / NS;
        double work = used(end, workGroup(system));
        double quota = lab.plan()
                .limits()
                .cpu()
                .map(shares -> nodes.stream()
                        .mapToDouble(node -> shares.of(lab.plan().numberOf(node)))
                        .sum())
                .orElse((double) Runtime.getRuntime().availableProcessors());
        double ticks = end.machineTicks - start.machineTicks;
        Map<String, Long> links = new TreeMap<>();
        end.bytes.forEach((node, bytes) -> {
            LinkBytes moved = bytes.minus(start.bytes.getOrDefault(node, new LinkBytes(0, 0)));
            links.put(node, moved.sent() + moved.received());
        });
        return new Sample(
                system,
                nodes.size(),
                repeat,
                seconds,
                work,
                system == RunSystem.DROVER ? used(end, "quota/home") : 0,
                used(end, "system"),
                work / (quota * seconds),
                ticks == 0 ? 0 : (end.machineIdleTicks - start.machineIdleTicks) / ticks,
                jobs,
                0,
                links,
                List.of());
    }

    private static String workGroup(RunSystem system) {
        return switch (system) {
            case WHOLE, SHELL -> "quota/home";
            case DROVER -> "quota/guests";
            case PARALLEL -> "quota/peers";
        };
    }

    private double used(Reading end, String part) {
        double sum = 0;
        for (NodeId node : nodes) {
            String group = lab.group(node, part);
            sum += end.cpuSeconds.get(group) - start.cpuSeconds.get(group);
        }
        return sum;
    }

    private Reading read() {
        Map<String, Double> cpu = new TreeMap<>();
        for (NodeId node : nodes)
            for (String part : List.of("quota/home", "quota/guests", "quota/peers", "system")) {
                String group = lab.group(node, part);
                cpu.put(group, lab.groups().cpuTime(group).toNanos() / NS);
            }
        long[] ticks = machineTicks();
        Map<String, LinkBytes> bytes = lab.bytes();
        return new Reading(System.nanoTime(), cpu, bytes, Arrays.stream(ticks).sum(), ticks[3] + ticks[4]);
    }

    /// user nice system idle iowait irq softirq steal, of all cores: proc(5). Guest time is inside user time.
    private static long[] machineTicks() {
        try {
            String line = Files.readAllLines(Path.of("/proc/stat")).getFirst();
            return Arrays.stream(line.split("\\s+", -1))
                    .skip(1)
                    .limit(8)
                    .mapToLong(Long::parseLong)
                    .toArray();
        } catch (IOException e) {
            throw new LabException("cannot read /proc/stat: " + e.getMessage(), e);
        }
    }
}
