package drover.homefs.server;

import drover.protocol.file.Bytes;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
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
    /// Of these names, those of which the node may believe, too, that there is none: they were said to lead somewhere
    /// after, which the node's kernel need not have asked.
    private Set<Bytes> perhapsAbsent = Set.of();

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

    /// Whether the node may believe that there is no such name.
    boolean mayBeAbsent(Bytes name) {
        return names.containsKey(name) && (names.get(name) == ABSENT || perhapsAbsent.contains(name));
    }

    /// Returns what it was said to lead to before, if it was.
    Inode addName(Bytes name, Inode inode) {
        if (names.isEmpty()) names = new HashMap<>(4);
        if (inode != ABSENT && names.containsKey(name) && names.get(name) == ABSENT) {
            if (perhapsAbsent.isEmpty()) perhapsAbsent = new HashSet<>(2);
            perhapsAbsent.add(name);
        }
        return names.put(name, inode);
    }

    /// The node has given the name, or taken it away, itself: its kernel knows.
    void changedByNode(Bytes name) {
        if (!perhapsAbsent.isEmpty()) perhapsAbsent.remove(name);
    }

    Inode removeName(Bytes name) {
        changedByNode(name);
        return names.isEmpty() ? ABSENT : names.remove(name);
    }

    /// The node does not know an inode any more. That it had this name is forgotten, and not that there was none.
    void forgotten(Bytes name, Inode inode) {
        if (names.isEmpty() || names.get(name) != inode) return;
        if (!perhapsAbsent.isEmpty() && perhapsAbsent.remove(name)) names.put(name, ABSENT);
        else names.remove(name);
    }

    /// Returns some of the names and what they lead to, and forgets them.
    Map<Bytes, Inode> takeNames(BiPredicate<Bytes, Inode> which) {
        Map<Bytes, Inode> taken = new HashMap<>();
        names.forEach((name, led) -> {
            if (which.test(name, led)) taken.put(name, led);
        });
        taken.keySet().forEach(this::removeName);
        if (names.isEmpty()) {
            names = Map.of();
            perhapsAbsent = Set.of();
        }
        return taken;
    }
}
