package drover.daemon.control;

import com.fasterxml.jackson.databind.JsonNode;
import drover.model.NodeId;
import java.util.Set;
import java.util.TreeSet;

/// What the caller of `drover run` asked for.
///
/// @param nodes nodes it may start on; empty: any
/// @param memoryBytes memory it needs, which is also its limit; 0: not said
/// @param stay it is not to move later
/// @param detach it goes on when its terminal goes
/// @param network which network it has
/// @param networkNamed whether its caller said so: then it is refused rather than run with none
public record RunOptions(
        Set<NodeId> nodes,
        long memoryBytes,
        boolean stay,
        boolean detach,
        NetworkChoice network,
        boolean networkNamed) {
    /// An option that is not understood or not possible; the message is for the user.
    public static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message);
        }
    }

    public RunOptions {
        nodes = Set.copyOf(nodes);
    }

    boolean neverMoves() {
        return stay || network == NetworkChoice.NODE;
    }

    /// Reads what the command sent.
    ///
    /// @param usualNetwork of a job whose caller names none
    static RunOptions parse(JsonNode json, NetworkChoice usualNetwork) throws Refused {
        Set<NodeId> nodes = new TreeSet<>();
        try {
            if (json.hasNonNull("node")) nodes.add(new NodeId(json.get("node").asText()));
            for (JsonNode node : json.path("nodes")) nodes.add(new NodeId(node.asText()));
        } catch (IllegalArgumentException e) {
            throw new Refused(e.getMessage());
        }
        long memoryBytes = json.path("mem").asLong(0);
        if (memoryBytes < 0) throw new Refused("--mem must not be negative");
        if (json.hasNonNull("checkpoint"))
            throw new Refused("--checkpoint is not there yet: run it without, or wait for a later version");
        if (json.path("tree").asBoolean(false))
            throw new Refused("--tree is not there yet: run it without, or wait for a later version");
        String net = json.path("net").asText(usualNetwork.word());
        NetworkChoice network = NetworkChoice.ofWord(net)
                .orElseThrow(() -> new Refused("--net takes none, node or home, not '" + net + "'"));
        return new RunOptions(
                nodes,
                memoryBytes,
                json.path("stay").asBoolean(false),
                json.path("detach").asBoolean(false),
                network,
                json.hasNonNull("net"));
    }
}
