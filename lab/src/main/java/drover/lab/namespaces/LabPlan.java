package drover.lab.namespaces;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import drover.model.NodeId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// What a lab is to be.
/// @param nodes how many; at most 60, which is what one machine still starts in reasonable time
/// @param cpu share of one core that a node's guests get; empty: no limit
/// @param cpuPeriod in which that share is counted. In a short one it is as smooth as that of a slow core, but goes to
///     whoever is first: of several busy guests one may get nothing for seconds (CFS bandwidth, seen with kernel 6.18)
/// @param rate of every link; empty: no limit
/// @param diskBytes size limit of each node's disk, and of its /tmp; both are memory, taken only as they fill
public record LabPlan(
        String name,
        int nodes,
        OptionalDouble cpu,
        Duration cpuPeriod,
        Optional<LinkRate> rate,
        RootKind root,
        long diskBytes) {
    public static final int MAXIMUM_NODES = 60;
    public static final long DEFAULT_DISK_BYTES = 1L << 30;
    /// Smooth at the time scale of one file call.
    public static final Duration DEFAULT_CPU_PERIOD = Duration.ofMillis(10);
    /// What the kernel takes.
    private static final Duration LONGEST_CPU_PERIOD = Duration.ofSeconds(1);

    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,30}");

    public LabPlan {
        checkName(name);
        if (nodes < 1 || nodes > MAXIMUM_NODES)
            throw new IllegalArgumentException("a lab has 1 to " + MAXIMUM_NODES + " nodes, got " + nodes);
        if (cpu.isPresent() && !(cpu.getAsDouble() >= 0.01 && cpu.getAsDouble() <= 1024))
            throw new IllegalArgumentException(
                    "a node's cpu is a share of one core, 0.01 to 1024, got " + cpu.getAsDouble());
        if (cpuPeriod.compareTo(DEFAULT_CPU_PERIOD) < 0 || cpuPeriod.compareTo(LONGEST_CPU_PERIOD) > 0)
            throw new IllegalArgumentException(
                    "a share of a core is counted in periods of 10 to 1000 ms, got " + cpuPeriod.toMillis() + " ms");
        if (diskBytes < 16L << 20)
            throw new IllegalArgumentException("a node's disk is at least 16 MiB, got " + diskBytes + " bytes");
    }

    public static String checkName(String name) {
        if (!NAME.matcher(name).matches())
            throw new IllegalArgumentException(
                    "a lab's name is 1 to 31 of a-z, 0-9 and -, beginning with a letter or digit, got '" + name + "'");
        return name;
    }

    public List<NodeId> nodeIds() {
        return IntStream.rangeClosed(1, nodes).mapToObj(LabPlan::nodeId).toList();
    }

    public static NodeId nodeId(int number) {
        return new NodeId("n" + number);
    }

    /// 1 for n1.
    public int numberOf(NodeId node) {
        int number = nodeIds().indexOf(node) + 1;
        if (number == 0)
            throw new LabException(
                    "lab " + name + " has no node '" + node + "': it has n1 to n" + nodes + "; see: drover lab status");
        return number;
    }

    /// Nothing outside the lab can see these, so labs need not agree on them; different ones are easier to tell
    /// apart.
    public String addressOf(NodeId node) {
        return "10.77." + (1 + Math.floorMod(name.hashCode(), 250)) + "." + numberOf(node);
    }

    /// Each node's clocks differ, since faults of clocks hide when all share one: about 17 minutes from node to
    /// node.
    public long clockOffsetSeconds(NodeId node) {
        return 1009L * numberOf(node);
    }

    public ObjectNode toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("name", name).put("nodes", nodes).put("root", root.toString()).put("disk_bytes", diskBytes);
        cpu.ifPresent(share -> json.put("cpu", share));
        json.put("cpu_period_ms", cpuPeriod.toMillis());
        rate.ifPresent(value -> json.put("rate", value.toString()));
        return json;
    }

    public static LabPlan fromJson(JsonNode json) {
        return new LabPlan(
                json.path("name").asText(),
                json.path("nodes").asInt(),
                json.has("cpu") ? OptionalDouble.of(json.get("cpu").asDouble()) : OptionalDouble.empty(),
                Duration.ofMillis(json.path("cpu_period_ms").asLong()),
                json.has("rate") ? Optional.of(LinkRate.parse(json.get("rate").asText())) : Optional.empty(),
                RootKind.parse(json.path("root").asText()),
                json.path("disk_bytes").asLong());
    }
}
