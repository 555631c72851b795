package drover.daemon.orders;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.model.Openness;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two nodes that send each other orders, and a third that meddles.
class OrderDeskTest {
    private static final NodeId N1 = new NodeId("n1");
    private static final NodeId N2 = new NodeId("n2");

    @TempDir
    Path directory;

    private final Map<NodeId, OrderDesk> desks = new HashMap<>();
    private final Map<NodeId, NodeOrders> orders = new HashMap<>();
    private final Set<NodeId> silent = new HashSet<>();
    private final Set<NodeId> refused = new HashSet<>();

    private final class Wire implements OrderDesk.Node {
        private final NodeId self;

        Wire(NodeId self) {
            this.self = self;
        }

        @Override
        public void guests(Consumer<List<GuestKey>> then) {
            then.accept(List.of(new GuestKey(new JobId(N1, 3), 1)));
        }

        @Override
        public boolean send(NodeId node, byte[] message) {
            if (!desks.containsKey(node)) return false;
            if (!silent.contains(node)) desks.get(node).received(self, message);
            return true;
        }

        @Override
        public boolean accepts(NodeId node) {
            return !refused.contains(node);
        }
    }

    @BeforeEach
    void desks() throws Exception {
        for (NodeId node : List.of(N1, N2)) {
            orders.put(node, NodeOrders.open(directory.resolve(node.name())));
            desks.put(node, new OrderDesk(node, orders.get(node), new Wire(node)));
        }
    }

    private static String failure(CompletableFuture<JsonNode> answer) {
        ExecutionException e = assertThrows(ExecutionException.class, () -> answer.get(20, TimeUnit.SECONDS));
        return OrderDesk.words(e.getCause());
    }

    @Test
    void anOrderForThisNodeIsFollowedHere() throws Exception {
        JsonNode state = desks.get(N1).give("block", "").get(20, TimeUnit.SECONDS);
        assertEquals("blocked", state.path("takes_guests").asText());
        assertEquals(1, state.path("guests").asInt());
        assertEquals("3@n1", state.path("names").path(0).asText());
        assertEquals(Openness.BLOCKED, orders.get(N1).openness());
    }

    @Test
    void anOrderForAnotherNodeIsFollowedThere() throws Exception {
        JsonNode state = desks.get(N1).give("drain", "n2").get(20, TimeUnit.SECONDS);
        assertEquals("n2", state.path("node").asText());
        assertEquals(Openness.DRAINING, orders.get(N2).openness());
        assertEquals(Openness.OPEN, orders.get(N1).openness());
    }

    @Test
    void whoIsNotAcceptedGivesNoOrders() {
        refused.add(N1);
        assertEquals(
                "n2 takes no orders from n1 (its accept-from)",
                failure(desks.get(N1).give("drain", "n2")));
        assertEquals(Openness.OPEN, orders.get(N2).openness());
    }

    @Test
    void wrongWordsAndNodesAreNamed() {
        assertEquals("there is no order 'empty'", failure(desks.get(N1).give("empty", "n2")));
        assertTrue(failure(desks.get(N1).give("drain", "n9")).startsWith("there is no node n9, or it is down"));
    }

    @Test
    void onlyTheNodeThatWasAskedAnswers() {
        silent.add(N2);
        CompletableFuture<JsonNode> answer = desks.get(N1).give("drain", "n2");
        byte[] forged = "{\"id\":1,\"state\":{\"node\":\"n2\"}}".getBytes(StandardCharsets.UTF_8);
        desks.get(N1).received(new NodeId("n3"), forged);
        assertFalse(answer.isDone(), "by another's word");
        desks.get(N1).received(N2, "no json".getBytes(StandardCharsets.UTF_8));
        assertTrue(failure(answer).startsWith("n2 has not answered for 5 s"));
    }
}
