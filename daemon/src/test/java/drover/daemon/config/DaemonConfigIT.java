package drover.daemon.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DaemonConfigIT {
    @TempDir
    Path directory;

    @Test
    void withoutAConfigurationTheMessageSaysHowToBecomeANode() {
        Path missing = directory.resolve("drover.properties");
        String message = refusal(missing);
        assertTrue(message.startsWith("there is no configuration " + missing), message);
        assertTrue(message.contains("drover init") && message.contains("drover join"), message);
        assertEquals(message.indexOf(missing.toString()), message.lastIndexOf(missing.toString()), message);
    }

    @Test
    void whatIsNoPropertiesFileIsRefusedInWords() throws IOException {
        Path file = Files.writeString(directory.resolve("drover.properties"), "name=\\u00zz\n");
        assertTrue(refusal(file).contains("cannot read the configuration " + file), refusal(file));
        Files.write(file, new byte[] {'n', '=', (byte) 0xff});
        assertTrue(refusal(file).contains("cannot read the configuration " + file), refusal(file));
        assertFalse(refusal(file).contains("null"), refusal(file));
    }

    private static String refusal(Path file) {
        return assertThrows(DaemonConfig.Invalid.class, () -> DaemonConfig.load(file))
                .getMessage();
    }
}
