package drover.homefs.mount;

import drover.protocol.file.Bytes;
import drover.protocol.file.ContentHash;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What home has said of the content of one version of a file: the hashes of its blocks, as far as they were
/// asked for. Worthless when [KnownNode] has dropped it. Any thread.
final class KnownContent {
    /// Where home has the file, from its root.
    final Bytes path;
    final long size;
    private final Map<Integer, ContentHash> hashes = new HashMap<>();
    private volatile boolean elsewhere;

    KnownContent(Bytes path, long size) {
        this.path = path;
        this.size = size;
    }

    /// This node does not have it.
    void isElsewhere() {
        elsewhere = true;
    }

    boolean mayBeHere() {
        return !elsewhere;
    }

    synchronized void learned(int first, List<ContentHash> blocks) {
        for (int i = 0; i < blocks.size(); i++) hashes.put(first + i, blocks.get(i));
    }

    /// Null if it was not asked for yet.
    synchronized ContentHash hash(int block) {
        return hashes.get(block);
    }
}
