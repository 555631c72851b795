package drover.homefs.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.protocol.file.Bytes;
import drover.protocol.file.Caller;
import drover.protocol.file.FileOperation.RevivedNode;
import drover.protocol.file.FileOperation.SetLock;
import drover.protocol.file.FileResult.Held;
import drover.protocol.file.FileResult.HeldLock;
import drover.protocol.file.FileResult.Told;
import drover.protocol.file.LockRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelNotesTest {
    private static final Bytes A = Bytes.of("a");
    private static final Bytes B = Bytes.of("b");
    private static final Caller CALLER = new Caller(7, 2, 1000, 1001);

    @TempDir
    private Path directory;

    private Path file;
    private KernelNotes notes;

    @BeforeEach
    void begin() throws IOException {
        file = directory.resolve("notes");
        notes = KernelNotes.begin(file, KernelNotes.Noted.NOTHING);
    }

    private static Told told(long id, Bytes name, long lookups, boolean directory) {
        return new Told(new RevivedNode(id, 1, name, 8, id + 100, lookups), directory);
    }

    private static SetLock lock(long handle, long owner) {
        return new SetLock(handle, owner, new LockRange(LockRange.WRITE, 3, 7, 44), false, false);
    }

    private void seen(long id, Bytes name) {
        notes.node(new RevivedNode(id, 1, name, 8, id + 100, 1), false);
    }

    @Test
    void nothingIsKnownOfWhatWasNeverNoted() throws IOException {
        assertEquals(KernelNotes.Noted.NOTHING, KernelNotes.read(file));
        assertEquals(KernelNotes.Noted.NOTHING, KernelNotes.read(directory.resolve("none")));
    }

    @Test
    void nobodyElseReadsTheNames() throws IOException {
        seen(2, A);
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }

    @Test
    void whatTheKernelKnowsIsReadAgain() throws IOException {
        notes.boot(5);
        notes.node(new RevivedNode(2, 1, A, 8, 102, 1), true);
        seen(3, A);
        notes.lookedUpAgain(3);
        notes.moved(3, 1, B);
        notes.opened(new Held(9, CALLER, 3, 0x8002, false));
        notes.opened(new Held(10, CALLER, 2, 0, true));
        notes.released(10);
        for (long owner : new long[] {1, 2}) notes.locked(new HeldLock(3, lock(9, owner)));
        notes.closed(3, 2);
        assertEquals(
                new KernelNotes.Noted(
                        5,
                        List.of(told(2, A, 1, true), told(3, B, 2, false)),
                        List.of(new Held(9, CALLER, 3, 0x8002, false)),
                        List.of(new HeldLock(3, lock(9, 1))),
                        List.of(),
                        List.of(new Grants.Name(1, A))),
                KernelNotes.read(file));
    }

    @Test
    void whatTheKernelForgotIsGoneInWhateverOrderThatWasNoted() throws IOException {
        seen(2, A);
        notes.forgotten(2, 1);
        notes.forgotten(3, 1);
        seen(3, B);
        seen(3, B);
        assertEquals(List.of(told(3, B, 1, false)), KernelNotes.read(file).nodes());
    }

    @Test
    void aRenameThatWasNotAnsweredMayHaveMovedIt() throws IOException {
        seen(2, A);
        seen(3, A);
        notes.perhapsMoved(2, 7, B);
        notes.perhapsMoved(3, 7, B);
        notes.moved(3, 7, B);
        RevivedNode elsewhere = new RevivedNode(2, 7, B, 8, 102, 1);
        assertEquals(List.of(elsewhere), KernelNotes.read(file).perhaps());
        KernelNotes.begin(file, KernelNotes.read(file)).close();
        assertEquals(List.of(elsewhere), KernelNotes.read(file).perhaps());
        assertEquals(told(2, A, 1, false), KernelNotes.read(file).nodes().getFirst());
    }

    @Test
    void whatElseTheKernelBelievesIsNamesThatLeadNowhereAndFurtherOnesOfFiles() throws IOException {
        seen(2, A);
        seen(2, B);
        notes.absent(7, A);
        notes.absent(7, B);
        notes.node(new RevivedNode(3, 7, B, 8, 103, 1), false);
        List<Grants.Name> believed = List.of(new Grants.Name(1, A), new Grants.Name(7, A));
        assertEquals(believed, KernelNotes.read(file).believed());
        KernelNotes.begin(file, KernelNotes.read(file)).close();
        assertEquals(believed, KernelNotes.read(file).believed());
    }

    @Test
    void aRecordThatIsCutOffCostsNoOther() throws IOException {
        seen(2, A);
        long whole = Files.size(file);
        seen(3, B);
        byte[] all = Files.readAllBytes(file);
        for (long end = whole; end < all.length; end++) {
            Files.write(file, java.util.Arrays.copyOf(all, (int) end));
            assertEquals(List.of(told(2, A, 1, false)), KernelNotes.read(file).nodes(), "cut at " + end);
        }
    }

    @Test
    void itIsWrittenAnewWhenMostOfItIsOver() throws IOException {
        seen(2, A);
        notes.opened(new Held(9, CALLER, 2, 0, false));
        notes.boot(5);
        for (int i = 0; i < 200_000; i++) {
            seen(100 + i, B);
            notes.forgotten(100 + i, 1);
        }
        assertTrue(Files.size(file) < 5 << 20, "it has " + Files.size(file) + " bytes");
        assertEquals(
                new KernelNotes.Noted(
                        5,
                        List.of(told(2, A, 1, false)),
                        List.of(new Held(9, CALLER, 2, 0, false)),
                        List.of(),
                        List.of(),
                        List.of()),
                KernelNotes.read(file));
    }

    @Test
    void aDaemonGoesOnWithWhatTheOneBeforeNoted() throws IOException {
        seen(2, A);
        KernelNotes next = KernelNotes.begin(file, KernelNotes.read(file));
        next.lookedUpAgain(2);
        assertEquals(List.of(told(2, A, 2, false)), KernelNotes.read(file).nodes());
        next.close();
    }
}
