package drover.homefs.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.homefs.server.Recalls.TakenBack;
import drover.model.NodeId;
import drover.protocol.file.FileRecall.Item;
import drover.protocol.file.MalformedFileFrame;
import drover.protocol.file.RecallCodec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RecallsTest {
    private static final TakenBack ATTRIBUTES = new TakenBack(List.of(new Item.Attributes(7)), Set.of(7L));
    private static final TakenBack NOTHING_MORE = new TakenBack(List.of(), Set.of(7L));
    private static final TakenBack OF_ANOTHER_FILE = new TakenBack(List.of(), Set.of(8L));

    private final NodeView writer = new NodeView(new NodeId("n1"), null, null);
    private final NodeView reader = new NodeView(new NodeId("n2"), null, null);
    private final List<String> done = new ArrayList<>();

    private void change(Recalls recalls, TakenBack taken, String name) {
        recalls.takeBack(writer, () -> Map.of(reader, taken), () -> done.add(name));
    }

    @Test
    void aSecondChangeWaitsForWhatTheFirstHasTakenBack() {
        Recalls recalls = new Recalls(Duration.ofSeconds(3));
        change(recalls, ATTRIBUTES, "first");
        change(recalls, NOTHING_MORE, "second");
        change(recalls, OF_ANOTHER_FILE, "elsewhere");
        assertEquals(List.of("elsewhere"), done);
        recalls.acknowledged(reader, 1);
        assertEquals(List.of("elsewhere", "first", "second"), done);
        change(recalls, NOTHING_MORE, "third");
        assertEquals("third", done.getLast());
    }

    @Test
    void aChangeWaitsForANodeThatIsStillToForgetEverything() {
        Recalls recalls = new Recalls(Duration.ofSeconds(3));
        recalls.linked(reader, true, (linkClass, frame) -> frame.release());
        change(recalls, OF_ANOTHER_FILE, "first");
        assertEquals(List.of(), done);
        recalls.acknowledged(reader, 1);
        assertEquals(List.of("first"), done);
    }

    /// Notes the numbers of the recalls that are sent.
    private static ReplySender notes(List<Long> told) {
        return (linkClass, frame) -> {
            try {
                told.add(RecallCodec.decode(frame).number());
            } catch (MalformedFileFrame e) {
                throw new IllegalStateException(e);
            } finally {
                frame.release();
            }
        };
    }

    @Test
    void aNodeIsToldOfItsRecallsAsSoonAsItCanBeReached() {
        Recalls recalls = new Recalls(Duration.ofSeconds(3));
        change(recalls, ATTRIBUTES, "first");
        change(recalls, ATTRIBUTES, "second");
        List<Long> told = new ArrayList<>();
        recalls.reachable(reader, notes(told));
        assertEquals(List.of(1L, 2L), told);
        recalls.begunAnew(reader);
        assertEquals(List.of("first", "second"), done);
    }

    /// It acknowledges a number and all before it, and so must never hear of one before those that were lost.
    @Test
    void nothingIsToldOverANewLinkBeforeWhatTheLastOneHasLost() {
        Recalls recalls = new Recalls(Duration.ofSeconds(3));
        List<Long> lost = new ArrayList<>();
        recalls.linked(reader, false, notes(lost));
        change(recalls, ATTRIBUTES, "first");
        change(recalls, ATTRIBUTES, "second");
        recalls.unreachable(reader);
        change(recalls, ATTRIBUTES, "third");
        assertEquals(List.of(1L, 2L), lost, "the sender of the last link may find the new one");
        List<Long> told = new ArrayList<>();
        recalls.reachable(reader, notes(told));
        change(recalls, ATTRIBUTES, "fourth");
        assertEquals(List.of(1L, 2L, 3L, 4L), told);
    }

    @Test
    void aNodeThatWasGivenUpIsWaitedForAgainWhileMoreAndMoreHappens() throws InterruptedException {
        Recalls recalls = new Recalls(Duration.ofMillis(1));
        change(recalls, ATTRIBUTES, "first");
        for (int i = 0; i < 100 && done.isEmpty(); i++) {
            Thread.sleep(100);
            recalls.giveUpOverdue(reader);
        }
        change(recalls, ATTRIBUTES, "second");
        assertEquals(List.of("first", "second"), done, "a silent node is waited for");
        recalls.acknowledged(reader, 1);
        assertTrue(recalls.isBehind(reader), "its guests may go on, and it has not heard of the second");
        change(recalls, ATTRIBUTES, "third");
        assertEquals(List.of("first", "second"), done, "not waited for, although it is there again");
        recalls.acknowledged(reader, 2);
        assertFalse(recalls.isBehind(reader));
        recalls.acknowledged(reader, 3);
        assertEquals(List.of("first", "second", "third"), done);
    }

    @Test
    void aJobStartsOnANodeThatWasGivenUp() throws InterruptedException {
        Recalls recalls = new Recalls(Duration.ofMillis(1));
        change(recalls, ATTRIBUTES, "change");
        recalls.whenCaughtUp(reader, () -> done.add("start"));
        assertEquals(List.of(), done);
        for (int i = 0; i < 100 && done.isEmpty(); i++) {
            Thread.sleep(100);
            recalls.giveUpOverdue(reader);
        }
        assertEquals(List.of("change", "start"), done);
        recalls.whenCaughtUp(reader, () -> done.add("another"));
        assertEquals("another", done.getLast());
        assertTrue(recalls.isBehind(reader), "its guests go on");
    }
}
