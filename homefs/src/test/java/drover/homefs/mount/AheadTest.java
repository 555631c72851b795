package drover.homefs.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.protocol.file.Bytes;
import drover.protocol.file.FileAttributes;
import drover.protocol.file.FileRecall.Item;
import drover.protocol.file.FileResult.Entry;
import drover.protocol.file.FileResult.Found;
import drover.protocol.file.FileTime;
import drover.protocol.file.Lease;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AheadTest {
    private static final long LEASE_NANOS = 300_000_000_000L;
    private static final FileTime TIME = new FileTime(0, 0);
    private static final Bytes NAME = Bytes.of("n");
    private static final Bytes CONTENT = Bytes.of("content");

    private final List<Long> givenBack = new ArrayList<>();
    private final Ahead ahead = new Ahead(givenBack::add);
    private final Walk walk = new Walk();

    private static Found found(Bytes name, long node) {
        FileAttributes attributes =
                new FileAttributes(node, 7, node, 0100644, 1, 0, 0, 0, 7, 0, 4096, TIME, TIME, TIME, TIME);
        return new Found(name, new Entry(node, attributes, Lease.FULL, Lease.FULL, true), Lease.NONE, CONTENT);
    }

    private void keep(Bytes name, long node) {
        ahead.keepContent(node, CONTENT, walk);
        ahead.keep(1, found(name, node), walk, LEASE_NANOS);
    }

    @Test
    void whatIsGivenToTheKernelIsNotGivenBackToHome() {
        keep(NAME, 5);
        assertEquals(5, ahead.take(1, NAME).found().entry().node());
        assertNull(ahead.take(1, NAME));
        assertEquals(CONTENT, ahead.read(5, 0, 4096));
        assertNull(ahead.read(5, 0, 4096), "all of it was read");
        assertEquals(List.of(), givenBack);
    }

    @Test
    void contentIsThereUntilAllOfItWasRead() {
        keep(NAME, 5);
        assertNotNull(ahead.read(5, 3, 4096));
        assertNotNull(ahead.read(5, 0, 3));
        assertNull(ahead.read(5, 0, 3));
        assertEquals(0, ahead.contentBytes());
    }

    @Test
    void whatIsTakenBackIsGone() {
        for (Item item : List.of(
                new Item.Name(1, NAME, 5), new Item.Attributes(5), new Item.Content(5), new Item.Everything())) {
            keep(NAME, 5);
            givenBack.clear();
            ahead.takenBack(List.of(item));
            assertNull(ahead.take(1, NAME), item.toString());
            assertNull(ahead.read(5, 0, 4096), item.toString());
            assertEquals(List.of(5L), givenBack, item.toString());
        }
    }

    @Test
    void whatThisNodeChangesIsGone() {
        keep(NAME, 5);
        ahead.changed(5);
        assertNull(ahead.take(1, NAME));
        keep(NAME, 5);
        ahead.changed(1, NAME);
        assertNull(ahead.take(1, NAME));
        assertEquals(List.of(5L, 5L), givenBack);
    }

    @Test
    void anotherHomeIsGivenNothingBack() {
        keep(NAME, 5);
        ahead.homeIsAnother();
        assertNull(ahead.take(1, NAME));
        assertNull(ahead.read(5, 0, 4096));
        assertEquals(List.of(), givenBack);
    }

    @Test
    void onlySoMuchIsKept() {
        int more = 10;
        for (int i = 0; i < Ahead.MOST_NAMES + more; i++) keep(Bytes.of("n" + i), 100 + i);
        assertEquals(Ahead.MOST_NAMES, ahead.names());
        assertEquals(more, givenBack.size());
        Bytes large = Bytes.owning(new byte[64 << 10]);
        for (int i = 0; i < 100; i++) ahead.keepContent(i, large, walk);
        assertTrue(ahead.contentBytes() <= 4 << 20, "at most 4 MiB");
    }

    @Test
    void emptyFilesTakeNoEndOfRoomEither() {
        for (int i = 0; i < 2 * Ahead.MOST_NAMES; i++) ahead.keepContent(i, Bytes.EMPTY, walk);
        assertTrue(ahead.contents() <= Ahead.MOST_NAMES, ahead.contents() + " files");
    }

    @Test
    void aFileThatWasFoundUnderANewNameIsDroppedByThat() {
        Bytes renamed = Bytes.of("renamed");
        keep(NAME, 5);
        keep(renamed, 5);
        ahead.changed(1, NAME);
        ahead.changed(5);
        assertNull(ahead.take(1, renamed));
        assertEquals(List.of(5L, 5L), givenBack);
    }

    @Test
    void whatIsNotUnderAFullLeaseIsNotSteady() {
        Entry entry = found(NAME, 5).entry();
        assertTrue(Ahead.isSteady(found(NAME, 5)));
        assertFalse(Ahead.isSteady(
                new Found(NAME, new Entry(5, entry.attributes(), Lease.FULL, Lease.BRIEF, true), Lease.NONE, null)));
        assertFalse(Ahead.isSteady(new Found(NAME, null, Lease.BRIEF, null)));
        assertTrue(Ahead.isSteady(new Found(NAME, null, Lease.FULL, null)));
    }
}
