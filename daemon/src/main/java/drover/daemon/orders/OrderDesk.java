package drover.daemon.orders;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.model.Printable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes orders of this node's root, follows those for this node, and hands the others on to the node that is meant.
/// That one follows them if it would take guests of the node they come from. Any thread.
public final class OrderDesk {
    private static final Logger LOG = LoggerFactory.getLogger(OrderDesk.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int ANSWER_LIMIT_SECONDS = 5;
    /// More are only counted.
    private static final int GUESTS_NAMED_MAX = 50;

    private static final int TEXT_MAX_CHARS = 300;

    /// What the desk asks of the rest of the daemon.
    public interface Node {
        /// Calls back, on whatever thread, with the guests that are here, also those of this node's own jobs.
        void guests(Consumer<List<GuestKey>> then);

        /// Sends to another node; false if it cannot be reached.
        boolean send(NodeId node, byte[] message);

        /// Whether this node obeys that one.
        boolean accepts(NodeId node);
    }

    private record Asked(NodeId node, CompletableFuture<JsonNode> answer) {}

    /// An order that is not followed; the message is for the user.
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message);
        }
    }

    private final NodeId self;
    private final NodeOrders orders;
    private final Node node;
    private final Map<Long, Asked> asked = new ConcurrentHashMap<>();
    private final AtomicLong lastId = new AtomicLong();

    public OrderDesk(NodeId self, NodeOrders orders, Node node) {
        this.self = self;
        this.orders = orders;
        this.node = node;
    }

    /// Gives an order to a node.
    ///
    /// @param to its name; empty: this one
    /// @return what it has then (`node`, `takes_guests`, `jobs_stay`, `guests` by number, `names`), or a
    ///     failure with a message for the user: see [#words]
    public CompletableFuture<JsonNode> give(String word, String to) {
        try {
            NodeOrder order = NodeOrder.parse(word).orElseThrow(() -> new Refused("there is no order '" + word + "'"));
            NodeId target = to.isEmpty() ? self : named(to);
            return target.equals(self) ? follow(order) : handOn(order, target);
        } catch (Refused e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static NodeId named(String name) throws Refused {
        try {
            return new NodeId(name);
        } catch (IllegalArgumentException e) {
            throw new Refused(String.valueOf(e.getMessage()));
        }
    }

    /// The message in a failure of [#give].
    public static String words(Throwable failure) {
        return String.valueOf(cause(failure).getMessage());
    }

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    private CompletableFuture<JsonNode> follow(NodeOrder order) {
        CompletableFuture<JsonNode> done = new CompletableFuture<>();
        try {
            orders.follow(order);
        } catch (IOException e) {
            done.completeExceptionally(new Refused("the order cannot be kept on " + self + ": " + e.getMessage()));
            return done;
        }
        if (order != NodeOrder.LOOK)
            LOG.info("order: {}; guests: {}", order.word(), orders.openness().word());
        node.guests(guests -> done.complete(state(guests)));
        return done;
    }

    private ObjectNode state(List<GuestKey> guests) {
        ObjectNode json = JSON.createObjectNode()
                .put("node", self.name())
                .put("takes_guests", orders.openness().word())
                .put("jobs_stay", orders.jobsStay())
                .put("guests", guests.size());
        ArrayNode names = json.putArray("names");
        guests.stream()
                .map(guest -> guest.job().toString())
                .sorted()
                .limit(GUESTS_NAMED_MAX)
                .forEach(names::add);
        return json;
    }

    private CompletableFuture<JsonNode> handOn(NodeOrder order, NodeId target) throws Refused {
        long id = lastId.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        asked.put(id, new Asked(target, answer));
        byte[] message = bytes(JSON.createObjectNode().put("id", id).put("order", order.word()));
        if (!node.send(target, message)) {
            asked.remove(id);
            throw new Refused("there is no node " + target + ", or it is down; see: drover nodes");
        }
        return answer.orTimeout(ANSWER_LIMIT_SECONDS, TimeUnit.SECONDS)
                .whenComplete((_, _) -> asked.remove(id))
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(
                        cause(failure) instanceof TimeoutException
                                ? new Refused(target + " has not answered for " + ANSWER_LIMIT_SECONDS
                                        + " s: it is down, or has an older Drover; see: drover nodes")
                                : failure));
    }

    /// What another node says: an order, or its answer to one.
    public void received(NodeId from, byte[] message) {
        JsonNode said;
        try {
            said = JSON.readTree(new String(message, StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            LOG.warn("{} sends an order that is no JSON", from);
            return;
        }
        long id = said.path("id").asLong();
        // not on the group's thread: an order is written to disk
        if (said.has("order"))
            Thread.ofVirtual()
                    .name("order")
                    .start(() -> order(from, id, said.path("order").asText()));
        else answered(from, id, said);
    }

    private void order(NodeId from, long id, String word) {
        Optional<NodeOrder> order = NodeOrder.parse(word);
        CompletableFuture<JsonNode> done;
        if (!node.accepts(from))
            done = CompletableFuture.failedFuture(
                    new Refused(self + " takes no orders from " + from + " (its accept-from)"));
        else if (order.isEmpty())
            done = CompletableFuture.failedFuture(new Refused(self + " has an older Drover without that order"));
        else done = follow(order.get());
        var _ = done.whenComplete((state, failure) -> {
            ObjectNode answer = JSON.createObjectNode().put("id", id);
            if (failure == null) answer.set("state", state);
            else answer.put("error", words(failure));
            var _ = node.send(from, bytes(answer));
        });
    }

    private void answered(NodeId from, long id, JsonNode said) {
        Asked waiting = asked.get(id);
        if (waiting == null || !waiting.node.equals(from)) return;
        if (said.path("state").isObject()) waiting.answer.complete(said.path("state"));
        else
            waiting.answer.completeExceptionally(
                    new Refused(Printable.line(said.path("error").asText(), TEXT_MAX_CHARS)));
    }

    private static byte[] bytes(ObjectNode json) {
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }
}
