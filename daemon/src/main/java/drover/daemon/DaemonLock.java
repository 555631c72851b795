package drover.daemon;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// One daemon for each run directory. The kernel frees the lock however the daemon ends; when it is killed, only
/// after the last of its threads has come back from the disk, which can take seconds.
final class DaemonLock implements AutoCloseable {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);
    private static final Duration ENDS_WITHIN = Duration.ofSeconds(30);
    private static final int SIGKILL = 9;
    private final FileChannel file;
    private final FileLock lock;

    private DaemonLock(FileChannel file, FileLock lock) {
        this.file = file;
        this.lock = lock;
    }

    /// Takes the lock. Waits for a daemon that has been killed and is not gone yet.
    ///
    /// @throws StartFailure if another daemon has it, and keeps it
    static DaemonLock take(Path runDirectory) throws IOException, StartFailure {
        Path path = runDirectory.resolve("daemon.lock");
        FileChannel file =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            FileLock lock = lock(file);
            byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
            file.truncate(0);
            file.write(ByteBuffer.wrap(pid), 0);
            return new DaemonLock(file, lock);
        } catch (IOException | StartFailure e) {
            file.close();
            throw e;
        }
    }

    private static FileLock lock(FileChannel file) throws IOException, StartFailure {
        long begun = System.nanoTime();
        while (true) {
            String holder = holder(file);
            // asked before: it may free the lock between the two
            boolean ends = isEnding(holder);
            @Nullable FileLock lock = file.tryLock();
            if (lock != null) return lock;
            if (!ends || System.nanoTime() - begun > ENDS_WITHIN.toNanos())
                throw new StartFailure("another daemon runs here already, with pid " + holder
                        + "; stop that one first, or use it: drover nodes");
            try {
                Thread.sleep(LOOK_AGAIN);
            } catch (InterruptedException e) {
                throw new StartFailure("interrupted while the daemon before, with pid " + holder + ", was ending");
            }
        }
    }

    private static String holder(FileChannel file) throws IOException {
        ByteBuffer pid = ByteBuffer.allocate(32);
        int length = Math.max(0, file.read(pid, 0));
        return new String(pid.array(), 0, length, StandardCharsets.US_ASCII).strip();
    }

    /// Whether a process has been killed, or its first thread has ended, while others may still run.
    private static boolean isEnding(String pid) {
        if (pid.isEmpty()) return false;
        try {
            for (String line : Files.readAllLines(Path.of("/proc", pid, "status"))) {
                if (line.startsWith("State:\tZ") || line.startsWith("State:\tX")) return true;
                if ((line.startsWith("SigPnd:") || line.startsWith("ShdPnd:"))
                        && (Long.parseUnsignedLong(line.substring(7).strip(), 16) >> (SIGKILL - 1) & 1) != 0)
                    return true;
            }
            return false;
        } catch (IOException e) {
            return true; // gone since the lock was looked at
        }
    }

    @Override
    public void close() throws IOException {
        lock.release();
        file.close();
    }
}
