package drover.daemon.orders;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.Openness;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeOrdersTest {
    @TempDir
    Path directory;

    private NodeOrders open() throws IOException {
        return NodeOrders.open(directory.resolve("orders"));
    }

    @Test
    void anOrderHoldsUntilItIsTakenBack() throws Exception {
        assertEquals(Openness.OPEN, open().openness());
        open().follow(NodeOrder.STAY);
        open().follow(NodeOrder.BLOCK);
        assertEquals(Openness.BLOCKED, open().openness());
        assertTrue(open().jobsStay(), "an order of its own");
        open().follow(NodeOrder.DRAIN);
        open().follow(NodeOrder.LOOK);
        assertEquals(Openness.DRAINING, open().openness());
        open().follow(NodeOrder.UNDRAIN);
        assertEquals(Openness.OPEN, open().openness());
        assertFalse(open().jobsStay());
    }

    @Test
    void anOrderThatCannotBeKeptChangesNothing() throws Exception {
        NodeOrders orders = NodeOrders.open(directory.resolve("none").resolve("orders"));
        assertThrows(IOException.class, () -> orders.follow(NodeOrder.DRAIN));
        assertEquals(Openness.OPEN, orders.openness());
    }

    @Test
    void whatIsNotUnderstoodIsNoInvitation() throws Exception {
        Files.writeString(directory.resolve("orders"), "takes-guests=sometimes\n");
        IOException e = assertThrows(IOException.class, this::open);
        assertTrue(e.getMessage().contains("takes-guests=sometimes"), e.getMessage());
    }
}
