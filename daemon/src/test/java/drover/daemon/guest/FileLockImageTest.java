package drover.daemon.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import drover.homefs.mount.GuestLock;
import drover.protocol.file.LockRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileLockImageTest {
    /// Its number is the same everywhere: it is in no namespace but this test's.
    private static final int PID = (int) ProcessHandle.current().pid();

    private static final String HEADER = "19435654" + "16363254";

    @TempDir
    private Path directory;

    private String written(GuestLock... locks) throws IOException {
        FileLockImage.add(new ImageDirectory(directory), List.of(locks));
        return HexFormat.of().formatHex(Files.readAllBytes(directory.resolve("filelocks.img")));
    }

    /// As protocol buffers have it: seven bits a byte, the lowest first.
    private static String number(long number) {
        StringBuilder hex = new StringBuilder();
        for (long left = number; ; left >>>= 7) {
            hex.append("%02x".formatted(left > 0x7f ? (left & 0x7f) | 0x80 : left));
            if (left <= 0x7f) return hex.toString();
        }
    }

    private static String entry(int flag, int type, int descriptor, long start, long length) {
        String fields = "08" + number(flag) + "10" + number(type) + "18" + number(PID) + "20" + number(descriptor)
                + "28" + number(start) + "30" + number(length);
        return "%02x000000".formatted(fields.length() / 2) + fields;
    }

    @Test
    void locksAreAddedAsCriuReadsThem() throws IOException {
        var part = new LockRange(LockRange.READ, 1L << 40, (1L << 40) + 299, PID);
        var all = new LockRange(LockRange.WRITE, 0, Long.MAX_VALUE, PID);
        assertEquals(
                HEADER + entry(1, 0, 200, 1L << 40, 300) + entry(2, 1, 3, 0, 0),
                written(
                        new GuestLock(GuestLock.Kind.PROCESS, PID, 200, part),
                        new GuestLock(GuestLock.Kind.FLOCK, PID, 3, all)));
        // as CRIU has written one itself
        assertEquals(
                HEADER + entry(1, 0, 200, 1L << 40, 300) + entry(2, 1, 3, 0, 0) + entry(4, 1, 5, 0, 0),
                written(new GuestLock(GuestLock.Kind.OPEN_FILE, PID, 5, all)));
    }

    @Test
    void noneAreNoImage() throws IOException {
        FileLockImage.add(new ImageDirectory(directory), List.of());
        assertFalse(Files.exists(directory.resolve("filelocks.img")));
    }
}
