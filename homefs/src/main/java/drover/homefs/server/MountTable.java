package drover.homefs.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Home's mounts. What a name leads to changes when something is mounted on it, and no file event tells that.
/// Thread rule: one thread at a time.
final class MountTable {
    private static final Logger log = LoggerFactory.getLogger(MountTable.class);
    private static final Path TABLE = Path.of("/proc/self/mountinfo");

    private byte[] last = read();

    /// Whether it is another one than when this was last asked.
    boolean hasChanged() {
        byte[] now = read();
        if (Arrays.equals(now, last)) return false;
        last = now;
        return true;
    }

    private static byte[] read() {
        try {
            return Files.readAllBytes(TABLE);
        } catch (IOException e) {
            log.warn("cannot read home's mounts: {}", e.toString());
            return new byte[0];
        }
    }
}
