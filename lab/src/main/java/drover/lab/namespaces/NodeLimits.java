package drover.lab.namespaces;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/// What the nodes of a lab are limited to. What is empty has no limit.
/// @param cpu of guests and of what is started at home; daemons have no limit
/// @param memoryBytes of the same
/// @param rate of every link
/// @param diskBytes size of each node's disk, and of its /tmp; both are memory, taken only as they fill
public record NodeLimits(Optional<CpuShares> cpu, OptionalLong memoryBytes, Optional<LinkRate> rate, long diskBytes) {
    public static final long DEFAULT_DISK_BYTES = 1L << 30;

    /// A disk of the usual size, and nothing else.
    public static final NodeLimits USUAL =
            new NodeLimits(Optional.empty(), OptionalLong.empty(), Optional.empty(), DEFAULT_DISK_BYTES);

    private static final long LEAST_BYTES = 16L << 20;

    public NodeLimits {
        if (diskBytes < LEAST_BYTES)
            throw new IllegalArgumentException("a node's disk is at least 16 MiB, got " + diskBytes + " bytes");
        if (memoryBytes.isPresent() && memoryBytes.getAsLong() < LEAST_BYTES)
            throw new IllegalArgumentException(
                    "a node's memory is at least 16 MiB, got " + memoryBytes.getAsLong() + " bytes");
    }

    public NodeLimits withCpu(CpuShares shares) {
        return new NodeLimits(Optional.of(shares), memoryBytes, rate, diskBytes);
    }

    public NodeLimits withMemory(long bytes) {
        return new NodeLimits(cpu, OptionalLong.of(bytes), rate, diskBytes);
    }

    public NodeLimits withRate(LinkRate each) {
        return new NodeLimits(cpu, memoryBytes, Optional.of(each), diskBytes);
    }

    public NodeLimits withDisk(long bytes) {
        return new NodeLimits(cpu, memoryBytes, rate, bytes);
    }

    void writeTo(ObjectNode json) {
        cpu.ifPresent(shares -> json.put("cpu", shares.toString())
                .put("cpu_period_ms", shares.period().toMillis()));
        memoryBytes.ifPresent(bytes -> json.put("memory_bytes", bytes));
        rate.ifPresent(each -> json.put("rate", each.toString()));
        json.put("disk_bytes", diskBytes);
    }

    static NodeLimits of(JsonNode json) {
        NodeLimits limits = USUAL.withDisk(json.path("disk_bytes").asLong());
        if (json.has("cpu"))
            limits = limits.withCpu(CpuShares.parse(
                    json.get("cpu").asText(),
                    Duration.ofMillis(json.path("cpu_period_ms").asLong())));
        if (json.has("memory_bytes"))
            limits = limits.withMemory(json.get("memory_bytes").asLong());
        if (json.has("rate"))
            limits = limits.withRate(LinkRate.parse(json.get("rate").asText()));
        return limits;
    }
}
