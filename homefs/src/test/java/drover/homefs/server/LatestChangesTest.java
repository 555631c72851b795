package drover.homefs.server;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.linux.syscall.FileStatus;
import drover.protocol.file.Bytes;
import org.junit.jupiter.api.Test;

class LatestChangesTest {
    private static final Bytes NAME = Bytes.of("name");
    private static final Bytes OTHER = Bytes.of("other");

    private final LatestChanges latest = new LatestChanges(3);
    private final Inode directory = inode(1, FileStatus.S_IFDIR);
    private final Inode file = inode(2, FileStatus.S_IFREG);

    private static Inode inode(long number, int type) {
        return new Inode(number, new Identity(1, number, type, 0, null), null, NAME, false, false);
    }

    @Test
    void nothingHasChangedThatNobodyChanged() {
        long since = latest.now();
        latest.name(directory.identity(), OTHER);
        assertFalse(latest.ofName(since, directory, NAME), "a name");
        assertFalse(latest.ofFile(since, file), "a file");
    }

    @Test
    void aChangeCountsForWhoLookedBeforeIt() {
        long before = latest.now();
        latest.name(directory.identity(), NAME);
        latest.file(file.identity());
        assertTrue(latest.ofName(before, directory, NAME), "the name");
        assertTrue(latest.ofFile(before, directory), "its directory");
        assertTrue(latest.ofFile(before, file), "the file");
        long after = latest.now();
        assertFalse(latest.ofName(after, directory, NAME), "the name, looked at since");
        assertFalse(latest.ofFile(after, file), "the file, looked at since");
    }

    @Test
    void whatWasLookedAtBeforeItsDirectoryWasWatchedIsAsIfChanged() {
        long before = latest.now();
        latest.watched(directory.identity());
        assertTrue(latest.ofName(before, directory, NAME), "a name in it");
        assertTrue(latest.ofFile(before, directory), "the directory");
        assertFalse(latest.ofFile(before, file), "another file");
    }

    @Test
    void whoLookedBeforeWhatIsForgottenIsToldThatAllHasChanged() {
        long before = latest.now();
        for (int i = 0; i < 4; i++)
            latest.file(inode(10 + i, FileStatus.S_IFREG).identity());
        assertTrue(latest.ofFile(before, file), "looked at before the forgotten change");
        assertFalse(latest.ofFile(before + 1, file), "looked at after it");
    }

    @Test
    void whatChangesAgainAndAgainMakesNothingForgotten() {
        long before = latest.now();
        for (int i = 0; i < 100; i++) latest.file(file.identity());
        assertTrue(latest.ofFile(before, file), "the file");
        assertFalse(latest.ofFile(before, directory), "another");
    }

    @Test
    void afterAnythingMayHaveChangedNothingCountsThatWasLookedAtBefore() {
        long before = latest.now();
        latest.everything();
        assertTrue(latest.ofFile(before, file), "looked at before");
        assertFalse(latest.ofFile(latest.now(), file), "looked at since");
    }

    /// Another node may know the same file by its whole identity, and tell its changes by that.
    @Test
    void aFileKnownOnlyByItsNumberIsAsIfChangedByAnyChange() {
        Inode revived = new Inode(3, Identity.revived(1, 3), null, NAME, false, true);
        long before = latest.now();
        latest.file(file.identity());
        assertTrue(latest.ofFile(before, revived), "the file");
        assertTrue(latest.ofName(before, revived, NAME), "a name in it");
    }
}
