package drover.homefs.server;

import drover.protocol.file.Bytes;
import java.util.HashMap;
import java.util.Map;

/// What one node was promised of one inode. Owned by [Leases], under its lock.
final class Promises {
    /// Names of one directory: beyond, names are promised no more, until some are taken back or forgotten.
    static final int MAX_NAMES = 16_384;

    /// Stands for "there is none" among [#names].
    static final Inode ABSENT = null;

    boolean attributes;
    /// The node may have some of its content in its page cache.
    boolean content;
    /// Of a directory: names, and what they were said to lead to.
    private Map<Bytes, Inode> names = Map.of();

    boolean hasName(Bytes name) {
        return names.containsKey(name);
    }

    /// Returns false if there is no room.
    boolean addName(Bytes name, Inode inode) {
        if (names.isEmpty()) names = new HashMap<>(4);
        else if (names.size() >= MAX_NAMES && !names.containsKey(name)) return false;
        names.put(name, inode);
        return true;
    }

    Inode removeName(Bytes name) {
        return names.isEmpty() ? ABSENT : names.remove(name);
    }

    void removeName(Bytes name, Inode inode) {
        if (!names.isEmpty()) names.remove(name, inode);
    }

    /// Returns the names, and forgets them.
    Map<Bytes, Inode> takeNames() {
        Map<Bytes, Inode> taken = names;
        names = Map.of();
        return taken;
    }
}
