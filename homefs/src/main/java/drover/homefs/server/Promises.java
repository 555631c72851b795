package drover.homefs.server;

import drover.protocol.file.Bytes;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiPredicate;

/// What one node was promised of one inode. Owned by [Leases], under its lock.
final class Promises {
    /// Names of one directory: beyond, names are promised no more, until some are taken back or forgotten.
    static final int MAX_NAMES = 16_384;

    /// Stands for "there is none" among [#names].
    static final Inode ABSENT = null;

    /// Names of one node that there are none of: then all of these are taken back. Its kernel never says that
    /// it has forgotten one, and each program can ask for any number.
    static final int MAX_ABSENT = 32_768;

    boolean attributes;
    /// The node may open it for reading without asking: it was told so, and that was not taken back.
    private boolean toAll;
    /// It may have, and home does not know for whom.
    private boolean perhapsOpen;
    /// The node may have some of its content in its page cache; of a directory, its listing.
    boolean content;
    /// Of a directory: names, and what they were said to lead to.
    private Map<Bytes, Inode> names = Map.of();

    boolean hasName(Bytes name) {
        return names.containsKey(name);
    }

    void openToAll() {
        toAll = true;
        perhapsOpen = true;
    }

    boolean isOpenToAll() {
        return toAll;
    }

    /// What was said of it besides its name does not count any more.
    void take() {
        attributes = false;
        content = false;
        toAll = false;
    }

    /// The node has made it less open itself, and said before who has it open.
    void closed() {
        toAll = false;
        perhapsOpen = false;
    }

    void takeAttributes() {
        attributes = false;
        toAll = false;
    }

    /// Whether the node may have opened it before that was taken back.
    ///
    /// @param isTakingBack whether the node may not have said yet what it has open
    boolean isPerhapsOpen(boolean isTakingBack) {
        perhapsOpen &= toAll || isTakingBack;
        return perhapsOpen;
    }

    /// What the name was said to lead to, if it was.
    Inode led(Bytes name) {
        return names.get(name);
    }

    boolean hasRoomFor(Bytes name) {
        return names.size() < MAX_NAMES || names.containsKey(name);
    }

    /// There must be one.
    Bytes anyName() {
        return names.keySet().iterator().next();
    }

    /// Returns what it was said to lead to before, if it was.
    Inode addName(Bytes name, Inode inode) {
        if (names.isEmpty()) names = new HashMap<>(4);
        return names.put(name, inode);
    }

    Inode removeName(Bytes name) {
        return names.isEmpty() ? ABSENT : names.remove(name);
    }

    void removeName(Bytes name, Inode inode) {
        if (!names.isEmpty()) names.remove(name, inode);
    }

    /// Returns some of the names and what they lead to, and forgets them.
    Map<Bytes, Inode> takeNames(BiPredicate<Bytes, Inode> which) {
        Map<Bytes, Inode> taken = new HashMap<>();
        names.forEach((name, led) -> {
            if (which.test(name, led)) taken.put(name, led);
        });
        taken.keySet().forEach(names::remove);
        if (names.isEmpty()) names = Map.of();
        return taken;
    }
}
