package drover.homefs.mount;

import drover.protocol.file.Bytes;
import drover.protocol.file.ContentHash;
import drover.protocol.file.FileAttributes;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// What home has said of the content of one version of a file: the hashes of its blocks, as far as they were
/// asked for. Worthless when [KnownNode] has dropped it. Any thread.
final class KnownContent {
    /// A smaller file needs as many questions with hashes as without.
    private static final int LEAST_KEPT_BYTES = 64 << 10;

    private static final int EXECUTABLE = 0111;
    /// Bounds what is remembered of one file: no program is larger.
    static final long MOST_BYTES = 1L << 30;

    /// Where home has the file, from its root.
    final Bytes path;
    final long size;
    private final Map<Integer, ContentHash> hashes = new HashMap<>();
    private final Map<Integer, List<Consumer<ByteBuf>>> awaited = new HashMap<>(0);
    private final boolean kept;
    private volatile boolean own = true;

    KnownContent(Bytes path, FileAttributes attributes) {
        this.path = path;
        this.size = attributes.size();
        this.kept = attributes.size() >= LEAST_KEPT_BYTES
                && ((attributes.mode() & EXECUTABLE) != 0 || path.startsWith("/usr/") || path.startsWith("/opt/"));
    }

    /// Whether this node's disk keeps it: programs, and what comes with them, run again, and other homes have
    /// the same.
    boolean isKept() {
        return kept;
    }

    /// This node has no such file itself.
    void isNotOwn() {
        own = false;
    }

    boolean isOwn() {
        return own;
    }

    /// Where a block's content is in a buffer of several.
    ByteBuffer room(ByteBuf blocks, int first, int block) {
        return blocks.nioBuffer((block - first) * ContentHash.BLOCK_BYTES, length(block));
    }

    /// How long a block is.
    int length(int block) {
        long left = size - (long) block * ContentHash.BLOCK_BYTES;
        return (int) Math.min(ContentHash.BLOCK_BYTES, left);
    }

    synchronized void learned(int first, List<ContentHash> blocks) {
        for (int i = 0; i < blocks.size(); i++) hashes.put(first + i, blocks.get(i));
    }

    /// Notes who waits for a block of home's.
    ///
    /// @param then takes the block, or an empty buffer if it did not come or is another
    /// @return whether it has to be asked for: nobody waited before
    synchronized boolean awaits(int block, Consumer<ByteBuf> then) {
        List<Consumer<ByteBuf>> waiting = awaited.computeIfAbsent(block, b -> new ArrayList<>(1));
        waiting.add(then);
        return waiting.size() == 1;
    }

    /// Whoever waits for the block is given it. They throw nothing.
    void arrived(int block, ByteBuf content) {
        List<Consumer<ByteBuf>> waiting;
        synchronized (this) {
            waiting = awaited.remove(block);
        }
        if (waiting == null) return;
        for (Consumer<ByteBuf> each : waiting) each.accept(content);
    }

    /// Null if it was not asked for yet.
    synchronized ContentHash hash(int block) {
        return hashes.get(block);
    }
}
