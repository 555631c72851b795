package drover.lab.experiments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// One run, as measured.
/// @param cpuSeconds of the work itself: what guests (or the shell, or the peer's commands) used
/// @param homeCpuSeconds of what was started at home for them: the queue and the deputies
/// @param daemonCpuSeconds of all that runs outside the quotas: daemons, keepers, or the peer's dispatcher
/// @param utilisation cpuSeconds over what the nodes' quotas allowed in that time
/// @param machineIdle share of the machine's time that was idle: below [#LEAST_IDLE] it measured the machine
/// @param linkBytes sent and received per node
public record Sample(
        RunSystem system,
        int nodes,
        int repeat,
        double seconds,
        double cpuSeconds,
        double homeCpuSeconds,
        double daemonCpuSeconds,
        double utilisation,
        double machineIdle,
        int jobs,
        int lost,
        Map<String, Long> linkBytes,
        List<String> problems) {
    /// With less of the machine idle, nodes waited for the machine and not for their quotas.
    public static final double LEAST_IDLE = 0.05;

    public Sample {
        linkBytes = new TreeMap<>(linkBytes);
        problems = List.copyOf(problems);
    }

    public boolean isVoid() {
        return machineIdle < LEAST_IDLE;
    }

    /// Every byte has one sender and one receiver among the nodes.
    public long bytesOnWire() {
        return linkBytes.values().stream().mapToLong(Long::longValue).sum() / 2;
    }

    public ObjectNode toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("system", system.word()).put("nodes", nodes).put("repeat", repeat);
        json.put("seconds", seconds).put("cpu_seconds", cpuSeconds).put("home_cpu_seconds", homeCpuSeconds);
        json.put("daemon_cpu_seconds", daemonCpuSeconds).put("utilisation", utilisation);
        json.put("machine_idle", machineIdle)
                .put("void", isVoid())
                .put("jobs", jobs)
                .put("lost", lost);
        json.put("bytes_on_wire", bytesOnWire());
        ObjectNode links = json.putObject("link_bytes");
        linkBytes.forEach(links::put);
        problems.forEach(json.putArray("problems")::add);
        return json;
    }

    public static Sample fromJson(JsonNode json) {
        Map<String, Long> links = new TreeMap<>();
        json.path("link_bytes")
                .properties()
                .forEach(each -> links.put(each.getKey(), each.getValue().asLong()));
        List<String> problems = new ArrayList<>();
        json.path("problems").forEach(each -> problems.add(each.asText()));
        return new Sample(
                RunSystem.parse(json.path("system").asText()),
                json.path("nodes").asInt(),
                json.path("repeat").asInt(),
                json.path("seconds").asDouble(),
                json.path("cpu_seconds").asDouble(),
                json.path("home_cpu_seconds").asDouble(),
                json.path("daemon_cpu_seconds").asDouble(),
                json.path("utilisation").asDouble(),
                json.path("machine_idle").asDouble(),
                json.path("jobs").asInt(),
                json.path("lost").asInt(),
                links,
                problems);
    }
}
