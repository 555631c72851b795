package drover.homefs;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// The kernel's caches, which all tests of a machine share, also those in other JVMs: who counts what is asked for
/// again
/// must not run while another drops them.
final class MachineCaches implements AutoCloseable {
    private static final Path FILE = Path.of(System.getProperty("java.io.tmpdir"), "drover-machine-caches.lock");

    private final FileChannel channel;

    private MachineCaches(boolean shared) throws IOException {
        channel = FileChannel.open(FILE, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        channel.lock(0, Long.MAX_VALUE, shared); // until the channel is closed
    }

    /// Nobody drops them until this is closed.
    static MachineCaches counted() throws IOException {
        return new MachineCaches(true);
    }

    /// Nobody counts until this is closed.
    static MachineCaches dropped() throws IOException {
        return new MachineCaches(false);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
