package drover.daemon;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import drover.daemon.control.LocalRequests;
import drover.daemon.membership.Member;
import drover.daemon.membership.Membership;
import drover.daemon.orders.OrderDesk;
import drover.daemon.placement.ClusterKnowledge;
import drover.homefs.mount.MountCounters;
import drover.model.LoadVector;
import drover.model.NodeId;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/// Answers `drover nodes`, and hands `drover node` on: every node this one knows, with what it last heard of its load.
/// Of a home whose
/// files are mounted here it also says how often this node's kernel has asked for them since this daemon
/// started (`file_requests`), and how often home had to be asked for that (`file_calls`).
final class NodeQueries implements LocalRequests.Nodes {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Membership membership;
    private final ClusterKnowledge knowledge;
    private final Function<NodeId, Optional<MountCounters>> mounts;
    private final OrderDesk desk;

    /// @param mounts what the mounts of other homes' files on this node have done
    NodeQueries(
            Membership membership,
            ClusterKnowledge knowledge,
            Function<NodeId, Optional<MountCounters>> mounts,
            OrderDesk desk) {
        this.membership = membership;
        this.knowledge = knowledge;
        this.mounts = mounts;
        this.desk = desk;
    }

    @Override
    public CompletableFuture<JsonNode> order(String word, String node) {
        return desk.give(word, node);
    }

    @Override
    public ArrayNode nodes() {
        Map<NodeId, ClusterKnowledge.Seen> loads = knowledge.loads();
        ArrayNode list = JSON.createArrayNode();
        for (Member member : membership.members()) {
            ObjectNode node = list.addObject()
                    .put("name", member.node().name())
                    .put("address", member.data().getAddress().getHostAddress())
                    .put("state", member.state().name().toLowerCase(Locale.ROOT))
                    .put("since", member.since().toEpochMilli() / 1e3);
            mounts.apply(member.node())
                    .ifPresent(counters ->
                            node.put("file_requests", counters.allRequests()).put("file_calls", counters.calls()));
            ClusterKnowledge.Seen seen = loads.get(member.node());
            if (seen == null) {
                for (String key :
                        new String[] {"speed", "load", "cpus", "memory_total", "memory_free", "guests", "takes_guests"})
                    node.putNull(key);
                continue;
            }
            LoadVector load = seen.load();
            node.put("speed", load.speed())
                    .put("load", load.cpuLoad())
                    .put("cpus", load.cpus())
                    .put("memory_total", load.memoryTotalBytes())
                    .put("memory_free", load.memoryFreeBytes())
                    .put("guests", load.guests())
                    .put("takes_guests", load.openness().word())
                    .put("cpu_pressure", load.cpuPressure())
                    .put("memory_pressure", load.memoryPressure())
                    .put("age", seen.age().toMillis() / 1e3);
        }
        return list;
    }
}
