package drover.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.daemon.security.SecurityFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FailureWordsTest {
    private static final Path STATE = Path.of("/the/state");

    @Test
    void aFullDiskIsNamedWithItsPlaceHoweverItWasMet() {
        for (Throwable full : new Throwable[] {
            new IOException("No space left on device"),
            new FileSystemException("/the/state/x", null, "No space left on device"),
            new InternalError("a fault occurred in an unsafe memory access operation")
        }) {
            String words = FailureWords.of(full, STATE);
            assertTrue(words.contains("no space is left") && words.contains("/the/state"), words);
            assertTrue(words.contains("make room"), words);
        }
    }

    @Test
    void aFileThatCannotBeUsedIsNamedWithReasonAndNextStep() {
        String words = FailureWords.of(new FileSystemException("/s/lock", null, "Read-only file system"), STATE);
        assertTrue(words.startsWith("cannot use /s/lock: Read-only file system; "), words);
        assertTrue(words.contains("DROVER_STATE_DIR"), words);
        assertTrue(FailureWords.of(new AccessDeniedException("/s"), STATE).endsWith("run the command as root"));
    }

    @Test
    void theReasonOfACauseIsSaidOnce() {
        FileSystemException cause = new FileSystemException("/s/log", null, "Read-only file system");
        assertEquals(
                "cannot keep /s/log: Read-only file system",
                FailureWords.of(new UncheckedIOException("cannot keep /s/log", cause), STATE));
        assertEquals(
                "cannot keep /s/log: Read-only file system",
                FailureWords.of(new IOException("cannot keep /s/log: Read-only file system", cause), STATE));
    }

    @Test
    void whatWasSaidForTheUserStaysAsItIs() {
        assertEquals("the token is used up", FailureWords.of(new SecurityFailure("the token is used up"), STATE));
    }
}
