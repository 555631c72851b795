package drover.daemon;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// One daemon for each run directory. The kernel frees the lock however the daemon ends.
final class DaemonLock implements AutoCloseable {
    private final FileChannel file;
    private final FileLock lock;

    private DaemonLock(FileChannel file, FileLock lock) {
        this.file = file;
        this.lock = lock;
    }

    /// Takes the lock.
    ///
    /// @throws StartFailure if another daemon has it
    static DaemonLock take(Path runDirectory) throws IOException, StartFailure {
        Path path = runDirectory.resolve("daemon.lock");
        FileChannel file =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        @Nullable FileLock lock = file.tryLock();
        if (lock == null) {
            ByteBuffer pid = ByteBuffer.allocate(32);
            int length = Math.max(0, file.read(pid, 0));
            file.close();
            throw new StartFailure("another daemon runs here already, with pid "
                    + new String(pid.array(), 0, length, StandardCharsets.US_ASCII).strip()
                    + "; stop that one first, or use it: drover nodes");
        }
        file.truncate(0);
        file.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)), 0);
        return new DaemonLock(file, lock);
    }

    @Override
    public void close() throws IOException {
        lock.release();
        file.close();
    }
}
