package drover.homefs.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;

import drover.protocol.file.Bytes;
import drover.protocol.file.FileAttributes;
import drover.protocol.file.FileOperation.Rename;
import drover.protocol.file.FileOperation.RevivedNode;
import drover.protocol.file.FileResult;
import drover.protocol.file.FileTime;
import drover.protocol.file.Lease;
import java.util.List;
import org.junit.jupiter.api.Test;

class KnownNodesTest {
    private static final Bytes A = Bytes.of("a");
    private static final Bytes B = Bytes.of("b");
    private static final FileTime TIME = new FileTime(0, 0);

    private final KnownNodes nodes = new KnownNodes();

    private void seen(long parent, Bytes name, long id) {
        nodes.seen(
                parent,
                name,
                new FileResult.Entry(
                        id,
                        new FileAttributes(
                                id + 100, 7, id + 100, 0100644, 1, 0, 0, 0, 0, 0, 4096, TIME, TIME, TIME, TIME),
                        Lease.NONE,
                        Lease.NONE,
                        false));
    }

    @Test
    void aRenameThatIsNotAnsweredMayHaveMovedWhatIsAtTheOldName() {
        seen(1, A, 5);
        seen(1, B, 6);
        assertEquals(
                List.of(new RevivedNode(5, 1, B, 7, 105, 1)),
                nodes.perhapsMoved(new Rename(1, A, 1, B, 0)),
                "b is gone");
        assertEquals(
                List.of(new RevivedNode(5, 1, B, 7, 105, 1), new RevivedNode(6, 1, A, 7, 106, 1)),
                nodes.perhapsMoved(new Rename(1, A, 1, B, 2)),
                "exchanged");
        assertEquals(List.of(), nodes.perhapsMoved(new Rename(1, Bytes.of("c"), 1, B, 0)), "nothing known");
    }

    @Test
    void aRenameThatIsAnsweredHasMovedIt() {
        seen(1, A, 5);
        nodes.moved(1, A, 1, B, false);
        assertEquals(List.of(new RevivedNode(5, 1, B, 7, 105, 1)), nodes.parentsFirst());
    }
}
