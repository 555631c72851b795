package drover.lab.namespaces;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import drover.model.NodeId;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// What a lab is to be.
/// @param nodes how many; at most 60, which is what one machine still starts in reasonable time
public record LabPlan(String name, int nodes, RootKind root, NodeLimits limits) {
    public static final int MAXIMUM_NODES = 60;
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,30}");

    public LabPlan {
        checkName(name);
        if (nodes < 1 || nodes > MAXIMUM_NODES)
            throw new IllegalArgumentException("a lab has 1 to " + MAXIMUM_NODES + " nodes, got " + nodes);
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
        json.put("name", name).put("nodes", nodes).put("root", root.toString());
        limits.writeTo(json);
        return json;
    }

    public static LabPlan fromJson(JsonNode json) {
        return new LabPlan(
                json.path("name").asText(),
                json.path("nodes").asInt(),
                RootKind.parse(json.path("root").asText()),
                NodeLimits.of(json));
    }
}
