package drover.homefs.server;

import drover.linux.syscall.FileHandle;
import drover.protocol.file.Bytes;
import drover.protocol.file.FileOperation.RevivedNode;
import drover.protocol.file.FileResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/// A file that a node knows by an id: where it was last seen, and a descriptor of it while [InodeDescriptors]
/// keeps one.
final class Inode {
    /// What FUSE calls the root of a mount.
    static final long ROOT = 1;
    /// While directories are moved, a path may seem to be a circle.
    private static final int DEEPEST = 256;

    final long id;
    /// Of a revived one only device and number, until it was found again.
    private volatile Identity identity;
    /// Its content is not served.
    final boolean veiled;
    /// Known from a node's word alone, after a restart: found again only under the caller's own rights.
    final boolean revived;

    /// Hears when more is known of a revived one; else null.
    private volatile Consumer<Inode> whenFound;

    private volatile Place place;
    /// Where it is if a rename was performed whose answer got lost in a restart; null mostly.
    private volatile Place otherPlace;

    /// Of its own only once it was open: most inodes never are.
    private volatile Set<OpenHandle> handles = Set.of();

    /// It never had a name, and its guest may give it one (O_TMPFILE). Its first node's kernel knows that by itself.
    volatile boolean nameable;

    /// The same on a later node of that guest, whose kernel gives a name only to what has one: so it is told.
    volatile boolean seemsNamed;

    // owned by InodeDescriptors, under its lock
    int descriptor = -1;
    int pins;
    boolean dropped;
    /// It had no name when its descriptor was last looked at.
    boolean seenRemoved;
    FileHandle fileHandle;

    // owned by InodeTable, under its lock
    long lookups;

    /// What the node was promised of it. Owned by [Leases], under its lock.
    final Promises promises = new Promises();

    /// Of a directory: changes in it are noticed. Written by [HomeWatch].
    volatile boolean watched;

    /// Where a file was last seen.
    ///
    /// @param parent null for the root
    record Place(Inode parent, Bytes name) {}

    Inode(long id, Identity identity, Inode parent, Bytes name, boolean veiled, boolean revived) {
        this.id = id;
        this.identity = identity;
        this.place = new Place(parent, name);
        this.veiled = veiled;
        this.revived = revived;
    }

    Identity identity() {
        return identity;
    }

    /// It was found, and is known by more than another home told, as other nodes know it.
    void found(Identity found) {
        if (identity.type() != 0) return;
        identity = found;
        Consumer<Inode> told = whenFound;
        if (told != null) told.accept(this);
    }

    void whenFound(Consumer<Inode> task) {
        whenFound = task;
    }

    Place place() {
        return place;
    }

    /// For a daemon of its node that does not know it. Not for the root; under the lock of [InodeTable].
    FileResult.Told told() {
        Place at = place;
        Identity now = identity;
        return new FileResult.Told(
                new RevivedNode(id, at.parent.id, at.name, now.device(), now.inode(), lookups), now.isDirectory());
    }

    /// Whether this is where it was seen last.
    boolean isAt(Inode parent, Bytes name) {
        Place at = place;
        return at.parent == parent && at.name.equals(name);
    }

    /// From the root, as far as that is known.
    Bytes path() {
        List<Bytes> names = new ArrayList<>();
        for (Place at = place; at.parent != null && names.size() < DEEPEST; at = at.parent.place) names.add(at.name);
        return Bytes.path(names.reversed());
    }

    Place otherPlace() {
        return otherPlace;
    }

    void mayBeAt(Inode parent, Bytes name) {
        otherPlace = new Place(parent, name);
    }

    void seenAt(Inode parent, Bytes name) {
        otherPlace = null;
        Place now = place;
        if (id == ROOT || (now.parent == parent && now.name.equals(name))) return;
        place = new Place(parent, name);
    }

    synchronized void opened(OpenHandle handle) {
        if (handles.isEmpty()) handles = ConcurrentHashMap.newKeySet(2);
        handles.add(handle);
    }

    synchronized void closed(OpenHandle handle) {
        handles.remove(handle);
        if (handles.isEmpty()) handles = Set.of();
    }

    /// Open files of this inode: a way to it when its name is gone.
    Set<OpenHandle> handles() {
        return handles;
    }
}
