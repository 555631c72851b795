package drover.lab.namespaces;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import drover.model.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The lab's bridge, in a network namespace of its own that has no way out: nothing a node sends can leave the
/// machine.
/// Each node's link is a veth pair; its end here has the node's name.
/// Source: ip-link(8), tc-tbf(8); each end shapes what it sends, so both together shape both ways.
final class Switch {
    private static final String BRIDGE = "lab";

    /// As facts of earlier measurements used them: larger than one TLS record, a queue of 50 ms at most.
    private static final String TOKEN_BUCKET = "burst 64k latency 50ms";

    private final MachineProcess holder;

    Switch(MachineProcess holder) {
        this.holder = holder;
    }

    void makeBridge() {
        ip(
                holder.pid(),
                List.of("link set lo up", "link add " + BRIDGE + " type bridge", "link set " + BRIDGE + " up"));
    }

    /// Gives a node that has just booted its link, `eth0` on its side.
    void plugIn(NodeId node, long initPid, String address, Optional<LinkRate> rate, Optional<String> side) {
        unplug(node);
        ip(
                holder.pid(),
                List.of(
                        "link add " + node + " type veth peer name eth0 netns " + initPid,
                        "link set " + node + " master " + side.orElse(BRIDGE) + " up"));
        ip(initPid, List.of("addr add " + address + "/24 dev eth0", "link set eth0 up"));
        rate.ifPresent(value -> {
            shape(holder.pid(), node.name(), value);
            shape(initPid, "eth0", value);
        });
    }

    /// Removes what is left of a dead node's link; its namespace may take a moment to go by itself.
    void unplug(NodeId node) {
        if (ports().containsKey(node.name())) {
            // It may vanish by itself just now: that is as good.
            Programs.attempt(inside(holder.pid(), "ip", "link", "del", node.name()), "", Programs.USUAL_LIMIT);
        }
    }

    /// Puts nodes on a bridge of their own: they see each other, and nobody else, while every link stays up.
    String cutOff(List<NodeId> nodes) {
        String side = "cut-" + nodes.getFirst();
        List<String> commands = new ArrayList<>();
        if (!ports().containsKey(side)) {
            commands.add("link add " + side + " type bridge");
            commands.add("link set " + side + " up");
        }
        nodes.forEach(node -> commands.add("link set " + node + " master " + side));
        ip(holder.pid(), commands);
        return side;
    }

    void heal(NodeId node) {
        ip(holder.pid(), List.of("link set " + node + " master " + BRIDGE));
    }

    /// Cuts the link without a word, as when the plug is pulled.
    void silence(NodeId node) {
        ip(holder.pid(), List.of("link set " + node + " nomaster"));
    }

    /// Counters of each port: what the node sent is what the switch received.
    Map<String, LinkBytes> bytes() {
        Map<String, LinkBytes> found = new TreeMap<>();
        ports().forEach((name, port) -> {
            if (!port.path("link_netnsid").isMissingNode()) {
                JsonNode counters = port.path("stats64");
                found.put(
                        name,
                        new LinkBytes(
                                counters.path("rx").path("bytes").asLong(),
                                counters.path("tx").path("bytes").asLong()));
            }
        });
        return found;
    }

    private Map<String, JsonNode> ports() {
        String text = Programs.run(inside(holder.pid(), "ip", "-s", "-json", "link", "show"));
        Map<String, JsonNode> found = new TreeMap<>();
        try {
            for (JsonNode port : new JsonMapper().readTree(text))
                found.put(port.path("ifname").asText(), port);
        } catch (JsonProcessingException e) {
            throw new LabException("cannot understand what ip says about the lab's links: " + e.getMessage(), e);
        }
        return found;
    }

    private static void shape(long pid, String device, LinkRate rate) {
        Programs.run(inside(
                pid, ("tc qdisc add dev " + device + " root tbf rate " + rate + " " + TOKEN_BUCKET).split(" ", -1)));
    }

    private static void ip(long pid, List<String> commands) {
        Programs.run(inside(pid, "ip", "-batch", "-"), String.join("\n", commands) + "\n");
    }

    /// Only the network namespace: `ip netns exec` would hide the control groups.
    private static List<String> inside(long pid, String... command) {
        List<String> all = new ArrayList<>(List.of("nsenter", "--net=/proc/" + pid + "/ns/net", "--"));
        all.addAll(List.of(command));
        return all;
    }
}
