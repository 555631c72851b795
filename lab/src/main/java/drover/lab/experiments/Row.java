package drover.lab.experiments;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/// The medians of one system's runs on one number of nodes. Void runs count only if there are no others; then
/// the row is void.
public record Row(
        RunSystem system,
        int nodes,
        double seconds,
        double cpuSeconds,
        double homeCpuSeconds,
        double daemonCpuSeconds,
        double utilisation,
        double machineIdle,
        int jobs,
        int lost,
        long bytesOnWire,
        Map<String, Long> linkBytes,
        int runs,
        int voidRuns) {

    static Row of(List<Sample> samples) {
        List<Sample> valid = samples.stream().filter(sample -> !sample.isVoid()).toList();
        List<Sample> used = valid.isEmpty() ? samples : valid;
        Sample any = samples.getFirst();
        Map<String, Long> links = new TreeMap<>();
        for (String node : any.linkBytes().keySet())
            links.put(node, Math.round(median(used, sample -> sample.linkBytes().getOrDefault(node, 0L))));
        return new Row(
                any.system(),
                any.nodes(),
                median(used, Sample::seconds),
                median(used, Sample::cpuSeconds),
                median(used, Sample::homeCpuSeconds),
                median(used, Sample::daemonCpuSeconds),
                median(used, Sample::utilisation),
                median(used, Sample::machineIdle),
                any.jobs(),
                // Not a median: one lost result in any run is one too many.
                samples.stream().mapToInt(Sample::lost).max().orElse(0),
                Math.round(median(used, Sample::bytesOnWire)),
                links,
                samples.size(),
                samples.size() - valid.size());
    }

    public boolean isVoid() {
        return voidRuns == runs;
    }

    public double speedup(double oneNodeSeconds) {
        return oneNodeSeconds / seconds;
    }

    public double efficiency(double oneNodeSeconds) {
        return speedup(oneNodeSeconds) / nodes;
    }

    ObjectNode toJson(double oneNodeSeconds, OptionalDouble wholeSeconds) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("nodes", nodes).put("seconds", seconds).put("cpu_seconds", cpuSeconds);
        json.put("daemon_cpu_seconds", daemonCpuSeconds).put("utilisation", utilisation);
        json.put("speedup", speedup(oneNodeSeconds)).put("efficiency", efficiency(oneNodeSeconds));
        json.put("jobs", jobs).put("lost", lost).put("bytes_on_wire", bytesOnWire);
        json.put("system", system.word())
                .put("home_cpu_seconds", homeCpuSeconds)
                .put("machine_idle", machineIdle);
        json.put("void", isVoid()).put("runs", runs).put("void_runs", voidRuns);
        wholeSeconds.ifPresent(whole -> json.put("whole_seconds", whole).put("speedup_over_whole", whole / seconds));
        ObjectNode links = json.putObject("link_bytes");
        linkBytes.forEach(links::put);
        return json;
    }

    static double median(List<Sample> samples, ToDoubleFunction<Sample> field) {
        double[] sorted = samples.stream().mapToDouble(field).sorted().toArray();
        if (sorted.length == 0) throw new IllegalArgumentException("no median of nothing");
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
