package drover.daemon.control;

import drover.daemon.deputy.DeputyConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/// Sends a job's log to a caller, and goes on while the job does. One virtual thread for each reader.
final class LogReader {
    /// How often a growing log is looked at.
    private static final Duration PAUSE = Duration.ofMillis(50);

    private static final int CHUNK_BYTES = 32 * 1024;

    private LogReader() {}

    static void start(Path log, DeputyConnection caller, BooleanSupplier goesOn, Runnable finished) {
        Thread.ofVirtual().name("log " + log.getFileName()).start(() -> {
            try {
                copy(log, caller, goesOn);
                finished.run();
            } catch (IOException e) {
                caller.text(new byte[0], 0);
                JobQueries.refuse(caller, "cannot read the log " + log + ": " + e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static void copy(Path log, DeputyConnection caller, BooleanSupplier goesOn)
            throws IOException, InterruptedException {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
        try (FileChannel file = FileChannel.open(log, StandardOpenOption.READ)) {
            while (caller.isOpen()) {
                boolean more = goesOn.getAsBoolean(); // before reading, so that the last bytes are not missed
                int length = caller.isWritable() ? file.read(chunk.clear()) : 0;
                if (length > 0) caller.text(chunk.array(), length);
                else if (length < 0 && !more) return;
                else Thread.sleep(PAUSE);
            }
        }
    }
}
