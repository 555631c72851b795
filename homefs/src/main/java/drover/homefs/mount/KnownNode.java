package drover.homefs.mount;

import drover.protocol.file.Bytes;
import drover.protocol.file.FileAttributes;
import drover.protocol.file.FileResult;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.LongPredicate;

/// An inode that the kernel knows: enough to bring it back to a home that has restarted, and what is known of
/// its cached content. Owned by [KnownNodes], under this node's lock.
final class KnownNode {
    /// The attribute that holds file capabilities.
    static final Bytes CAPABILITY = Bytes.of("security.capability");
    /// Those that hold access control lists.
    private static final Set<Bytes> ACLS =
            Set.of(Bytes.of("system.posix_acl_access"), Bytes.of("system.posix_acl_default"));

    final long id;
    final long device;
    final long inode;
    final boolean isDirectory;
    private long parent;
    private Bytes name;
    private long lookups;
    private FileAttributes content;
    private long writes;
    private boolean noCapability;
    /// How long it has no access control list, of [System#nanoTime()]; 0 if that is not known.
    private long noAclUntil;
    private boolean openToAll;
    /// Of a file whose content came along with a lookup: the kernel may have pages of before.
    private boolean pagesUnsure;
    /// Whether somebody has opened it: else the kernel has no page of it.
    private boolean wasOpen;
    /// By fcntl(2), from here.
    private boolean wasLocked;
    /// Opens that this node answered, as far as they were counted.
    private int opens;
    private KnownContent hashed;
    private Next next;
    private KnownListing listing;

    /// Attributes that came before the kernel asks for them.
    ///
    /// @param generation [Grants#generation()] of the call that brought them
    /// @param believedUntilNanos of [System#nanoTime()]
    record Next(FileAttributes attributes, long generation, long believedUntilNanos) {}

    /// @param parent and name: where it is seen first
    /// @param resumed whether a daemon before this one may have served it
    KnownNode(long id, long parent, Bytes name, FileAttributes attributes, boolean resumed) {
        this.wasOpen = resumed;
        this.id = id;
        this.parent = parent;
        this.name = name;
        this.device = attributes.device();
        this.inode = attributes.inode();
        this.isDirectory = attributes.isDirectory();
    }

    /// One that a daemon before this one has served.
    KnownNode(FileResult.Told told, long lookups) {
        this.wasOpen = true;
        this.id = told.node().node();
        this.parent = told.node().parent();
        this.name = told.node().name();
        this.device = told.node().device();
        this.inode = told.node().inode();
        this.isDirectory = told.directory();
        this.lookups = lookups;
    }

    synchronized void seen(long parent, Bytes name) {
        this.parent = parent;
        this.name = name;
        lookups++;
    }

    /// By a name that is no place at home.
    synchronized void seenAgain() {
        lookups++;
    }

    synchronized void movedTo(long parent, Bytes name) {
        this.parent = parent;
        this.name = name;
    }

    /// Returns whether the kernel knows the node no more.
    synchronized boolean forgotten(long count) {
        lookups -= count;
        return lookups <= 0;
    }

    synchronized long parent() {
        return parent;
    }

    synchronized Bytes name() {
        return name;
    }

    synchronized long lookups() {
        return lookups;
    }

    /// The file was opened and is now so. Returns whether the pages that the kernel may have of it are still
    /// right.
    synchronized boolean opened(FileAttributes now) {
        boolean kept = content != null && !pagesUnsure && content.sameContent(now);
        pagesUnsure = false;
        wasOpen = true;
        if (!kept) {
            noCapability = false;
            hashed = null;
        }
        content = now;
        return kept;
    }

    /// The same without an open: it was looked up, and its content came along. Anybody may read it.
    synchronized void cameWithContent(FileAttributes now) {
        if (content == null || !content.sameContent(now)) {
            noCapability = false;
            hashed = null;
            pagesUnsure = true;
        }
        content = now;
        openToAll = true;
    }

    /// It is opened on this node alone. Returns whether the pages that the kernel may have of it are right.
    ///
    /// @param store gives the kernel a content of that size, and says whether it did; asked when nobody has opened
    ///     the file before, so that nobody is reading it, and no other open is answered meanwhile
    synchronized boolean openedHere(LongPredicate store) {
        boolean kept = !pagesUnsure || (!wasOpen && content != null && store.test(content.size()));
        pagesUnsure = false;
        wasOpen = true;
        return kept;
    }

    /// It is opened once more.
    ///
    /// @return whether it has been so often before
    synchronized boolean openedOften(int often) {
        if (opens == often) return true;
        opens++;
        return false;
    }

    synchronized boolean wasLocked() {
        return wasLocked;
    }

    synchronized void locked() {
        wasLocked = true;
    }

    /// Home says that anybody may open it for reading without asking, until it takes that back.
    synchronized void openToAll(boolean may) {
        openToAll = may;
    }

    /// The same, and the pages that the kernel may have of it are right.
    synchronized boolean isOpenToAll() {
        return openToAll && content != null;
    }

    /// Whether pages of it may be cached.
    synchronized boolean contentKnown() {
        return content != null;
    }

    /// A write of this node's own took the file from `before` to `after`: if that is all that happened, the
    /// pages are right.
    synchronized void written(FileAttributes before, FileAttributes after) {
        writes++;
        openToAll = false;
        hashed = null;
        content = content != null && content.sameContent(before) ? after : null;
    }

    /// Its mode, a list of who may read it, or its capabilities may be others.
    synchronized void attributesChanged() {
        openToAll = false;
        noCapability = false;
        noAclUntil = 0;
    }

    /// Changed in a way that says nothing about the pages.
    synchronized void changed() {
        writes++;
        content = null;
        hashed = null;
        openToAll = false;
        if (listing != null) listing.forget();
    }

    /// Of a directory.
    synchronized KnownListing listing() {
        if (listing == null) listing = new KnownListing();
        return listing;
    }

    /// Of a directory: what the next question for its attributes is answered with; null if nothing is known.
    synchronized void next(Next next) {
        this.next = next;
    }

    synchronized Next takeNext() {
        Next taken = next;
        next = null;
        return taken;
    }

    /// What is known of its content, as long as anybody may read it and it is as it was; else null.
    synchronized KnownContent hashed() {
        return isOpenToAll() ? hashed : null;
    }

    /// The same, begun if it was not yet.
    ///
    /// @param path where home has it; null if that is not known
    synchronized KnownContent hashed(Bytes path) {
        if (path == null || !isOpenToAll() || content.size() > KnownContent.MOST_BYTES) return null;
        if (hashed == null) hashed = new KnownContent(path, content);
        return hashed;
    }

    /// A file without file capabilities, as the kernel asks before each write: home's kernel takes them away
    /// with a write in any case.
    synchronized void hasNoCapability(boolean known) {
        noCapability = known;
    }

    synchronized boolean hasNoCapability() {
        return noCapability;
    }

    static boolean isAcl(Bytes attribute) {
        return ACLS.contains(attribute);
    }

    /// Home says whether the file has an access control list, and leases that for so long.
    ///
    /// @param isCurrent whether nothing was taken back since home was asked
    synchronized void acl(boolean none, long nanos, BooleanSupplier isCurrent) {
        if (!none) noAclUntil = 0;
        else if (nanos > 0 && isCurrent.getAsBoolean()) noAclUntil = Math.max(1, System.nanoTime() + nanos);
    }

    synchronized void aclChanged() {
        noAclUntil = 0;
    }

    synchronized boolean hasNoAcl() {
        return noAclUntil != 0 && noAclUntil - System.nanoTime() > 0;
    }

    synchronized long writes() {
        return writes;
    }
}
