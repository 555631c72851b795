package drover.daemon.security;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import drover.model.NodeId;

/// A node of the cluster and where it is reached.
///
/// @param address a host name or an address, without a port
public record EnrolledNode(NodeId node, String address, int dataPort, int membershipPort) {
    private static final int ADDRESS_LIMIT = 255; // the longest host name

    public EnrolledNode {
        if (address.isBlank() || address.length() > ADDRESS_LIMIT || !address.matches("[A-Za-z0-9.:_%-]+"))
            throw new IllegalArgumentException("an address is a host name or an IP address, got '" + address + "'");
        requirePort(dataPort);
        requirePort(membershipPort);
    }

    private static void requirePort(int port) {
        if (port < 1 || port > 65_535) throw new IllegalArgumentException("a port is 1 to 65535, got " + port);
    }

    ObjectNode toJson() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("name", node.name())
                .put("address", address)
                .put("data_port", dataPort)
                .put("membership_port", membershipPort);
    }

    static EnrolledNode fromJson(JsonNode json) {
        return new EnrolledNode(
                new NodeId(json.path("name").asText()),
                json.path("address").asText(),
                json.path("data_port").asInt(),
                json.path("membership_port").asInt());
    }

    /// The line of the membership's peers file.
    String peerLine() {
        String host = address.contains(":") ? "[" + address + "]" : address;
        return node + "=" + host + ":" + membershipPort + " data=" + host + ":" + dataPort;
    }
}
