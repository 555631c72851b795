package drover.homefs.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

/// Which calls have been performed, in a mapped file that outlives the daemon: a call that comes again after
/// a restart is then not performed twice. A ring of the latest calls; a node resends only what it had in
/// flight. A crash of the machine may lose it, but that ends the home's jobs as well. A call is noted after
/// its effect: if the daemon is killed between the two, it is performed again, and a rename, say, then fails
/// although it was done. A daemon that is told to end performs and notes what it has begun.
final class PerformedLog implements AutoCloseable {
    /// More than all nodes together can have in flight.
    private static final int SLOTS = 1 << 16;

    private static final int SLOT_BYTES = 24;

    private record Call(long mountId, long id) {}

    private final FileChannel channel;
    private final MappedByteBuffer ring;
    private final Map<Call, Long> before = new HashMap<>();
    private int next;

    PerformedLog(Path file) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            ring = channel.map(FileChannel.MapMode.READ_WRITE, 0, (long) SLOTS * SLOT_BYTES);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot keep the log of performed calls in " + file, e);
        }
        for (int at = 0; at < ring.capacity(); at += SLOT_BYTES)
            if (ring.getLong(at) != 0)
                before.put(new Call(ring.getLong(at), ring.getLong(at + 8)), ring.getLong(at + 16));
        // what is known is in memory now: the ring begins anew, the eldest slots are overwritten first
    }

    /// What came of the call before the restart: the bytes written or 0, or a negated errno; null if it was not
    /// performed.
    synchronized Long before(long mountId, long id) {
        return before.isEmpty() ? null : before.get(new Call(mountId, id));
    }

    synchronized void performed(long mountId, long id, long outcome) {
        int at = next * SLOT_BYTES;
        next = (next + 1) % SLOTS;
        // first invalid, then complete: the process may end between any two stores
        ring.putLong(at, 0);
        ring.putLong(at + 8, id);
        ring.putLong(at + 16, outcome);
        ring.putLong(at, mountId);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
