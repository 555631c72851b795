package drover.homefs.cache;

import drover.protocol.file.ContentHash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Blocks of homes' content on this node's disk, found by their hash: one file of slots, and one that says what
/// is in each. What is read is hashed again, so a crash, a full disk or a spoilt file loses blocks and never
/// gives wrong ones. When all slots are taken, or the disk is nearly full, one that was not read for a while is used
/// again.
///
/// Only content that everybody may read at its home belongs here: who asks is not looked at.
///
/// Thread rule: any thread; the lock is not held while a block is read, written or hashed.
public final class BlockStore implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(BlockStore.class);
    private static final int ENTRY_BYTES = 40;
    /// So much of the disk, one in this many parts, is left to others.
    private static final int LEFT_FREE = 10;

    private static final Set<StandardOpenOption> OPTIONS =
            Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);

    private final int slots;
    private final FileChannel blocks;
    private final FileChannel index;
    private final Map<ContentHash, Slot> found = new HashMap<>();
    private final Slot[] taken;
    /// Being written.
    private final BitSet busy;
    private final FileStore disk;
    private int hand;
    private boolean complained;

    /// One block in its place.
    private static final class Slot {
        final int number;
        final ContentHash hash;
        final int length;
        boolean used;

        Slot(int number, ContentHash hash, int length) {
            this.number = number;
            this.hash = hash;
            this.length = length;
        }
    }

    /// Opens the store, and makes it if there is none.
    ///
    /// @param directory of the daemon's own; made with room for nobody else
    /// @param maxBytes what it may grow to; at least one block
    /// @throws IOException when it cannot be made or read
    public BlockStore(Path directory, long maxBytes) throws IOException {
        slots = Math.toIntExact(maxBytes / ContentHash.BLOCK_BYTES);
        if (slots < 1) throw new IllegalArgumentException("a store of " + maxBytes + " bytes holds no block");
        taken = new Slot[slots];
        busy = new BitSet(slots);
        Files.createDirectories(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        blocks = FileChannel.open(directory.resolve("blocks"), OPTIONS);
        index = FileChannel.open(directory.resolve("index"), OPTIONS);
        disk = Files.getFileStore(directory);
        shrink();
        load();
    }

    /// A smaller limit than at the last start.
    private void shrink() throws IOException {
        if (blocks.size() > (long) slots * ContentHash.BLOCK_BYTES)
            blocks.truncate((long) slots * ContentHash.BLOCK_BYTES);
        if (index.size() > (long) slots * ENTRY_BYTES) index.truncate((long) slots * ENTRY_BYTES);
    }

    private void load() throws IOException {
        ByteBuffer all = ByteBuffer.allocate((int) index.size()).order(ByteOrder.LITTLE_ENDIAN);
        while (all.hasRemaining() && index.read(all, all.position()) > 0) {}
        all.flip();
        for (int number = 0; all.remaining() >= ENTRY_BYTES; number++) {
            ContentHash hash = new ContentHash(all.getLong(), all.getLong(), all.getLong(), all.getLong());
            int length = (int) all.getLong();
            if (length <= 0 || length > ContentHash.BLOCK_BYTES) continue;
            Slot slot = new Slot(number, hash, length);
            taken[number] = slot;
            found.put(hash, slot);
        }
    }

    /// How many blocks there are.
    public synchronized int size() {
        return found.size();
    }

    /// Whether the block is here, as far as is known without reading it.
    public synchronized boolean has(ContentHash hash) {
        return found.containsKey(hash);
    }

    /// Fills the buffer with the block and moves its position to its end.
    ///
    /// @param into with room for just the block
    /// @return false if it is not here; then the buffer's content is undefined
    public boolean read(ContentHash hash, ByteBuffer into) {
        Slot slot;
        synchronized (this) {
            slot = found.get(hash);
            if (slot == null || slot.length != into.remaining()) return false;
            slot.used = true;
        }
        int begin = into.position();
        long at = (long) slot.number * ContentHash.BLOCK_BYTES;
        try {
            while (into.hasRemaining()) if (blocks.read(into, at + into.position() - begin) < 0) break;
        } catch (IOException e) {
            complain("read", e);
        }
        if (!into.hasRemaining()
                && ContentHash.of(into.slice(begin, into.position() - begin)).equals(hash)) return true;
        forget(slot);
        return false;
    }

    private synchronized void forget(Slot slot) {
        if (found.remove(slot.hash, slot)) taken[slot.number] = null;
    }

    /// Keeps a block. What cannot be kept is not.
    ///
    /// @param block its content, which hashes to `hash`; position and limit are left as they are
    public void put(ContentHash hash, ByteBuffer block) {
        int length = block.remaining();
        int number = reserve(hash, mayGrow());
        if (number < 0) return;
        Slot slot = new Slot(number, hash, length);
        boolean written = false;
        try {
            ByteBuffer from = block.duplicate();
            long at = (long) number * ContentHash.BLOCK_BYTES;
            while (from.hasRemaining()) blocks.write(from, at + from.position() - block.position());
            ByteBuffer entry = ByteBuffer.allocate(ENTRY_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            entry.putLong(hash.a())
                    .putLong(hash.b())
                    .putLong(hash.c())
                    .putLong(hash.d())
                    .putLong(length);
            index.write(entry.flip(), (long) number * ENTRY_BYTES);
            written = true;
        } catch (IOException e) {
            complain("write", e);
        } finally {
            publish(slot, written);
        }
    }

    /// Others need the disk, too, the daemon's own journal among them.
    private boolean mayGrow() {
        try {
            return disk.getUsableSpace() > disk.getTotalSpace() / LEFT_FREE;
        } catch (IOException e) {
            return false;
        }
    }

    private synchronized int reserve(ContentHash hash, boolean grow) {
        if (found.containsKey(hash)) return -1;
        for (int tries = 0; tries < 2 * slots; tries++) {
            int number = hand;
            hand = (hand + 1) % slots;
            Slot slot = taken[number];
            if (busy.get(number) || (slot == null && !grow)) continue;
            if (slot != null && slot.used) {
                slot.used = false;
                continue;
            }
            if (slot != null) forget(slot);
            busy.set(number);
            return number;
        }
        return -1; // all are being written, or there is no room for a first one
    }

    private synchronized void publish(Slot slot, boolean written) {
        busy.clear(slot.number);
        if (!written || found.putIfAbsent(slot.hash, slot) != null) return;
        taken[slot.number] = slot;
    }

    private synchronized void complain(String what, IOException e) {
        if (!complained && blocks.isOpen())
            log.warn("cannot {} the content kept of homes: {}; it goes on without", what, e.getMessage());
        complained = true;
    }

    @Override
    public void close() throws IOException {
        blocks.close();
        index.close();
    }
}
