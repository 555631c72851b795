package drover.lab.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class DroverLabTest {
    @Test
    void aPlaceThatCannotBeUsedIsNamedWithReasonAndNextStep() {
        assertEquals(
                "cannot use /ro/x: Read-only file system; put that right, or name another place (--out)",
                DroverLab.words(new FileSystemException("/ro/x", null, "Read-only file system")));
        String words = DroverLab.words(new NoSuchFileException("/proc/x"));
        assertTrue(words.startsWith("cannot use /proc/x: NoSuchFile"), words);
        assertEquals("No space left on device", DroverLab.words(new IOException("No space left on device")));
    }
}
