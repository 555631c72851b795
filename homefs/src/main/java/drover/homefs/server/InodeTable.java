package drover.homefs.server;

import drover.linux.syscall.Errno;
import drover.protocol.file.Bytes;
import drover.protocol.file.FileResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// The inodes that one node knows, by id and by identity. An inode lives here until the node's kernel has
/// forgotten it as often as it was given. Thread rule: any; one lock, never held during a system call.
final class InodeTable {
    private final Map<Long, Inode> byId = new HashMap<>();
    private final Map<Identity, Inode> byIdentity = new HashMap<>();
    /// Those a node brought back after a restart, whose type and birth are not known: by device and number.
    private final Map<Identity, Inode> revived = new HashMap<>();

    private final LongSupplier ids;
    private final InodeDescriptors descriptors;
    private final Consumer<Inode> forgotten;
    private final int most;

    /// @param most inodes that the node may know, whatever it was told: more are refused
    /// @param forgotten told of each inode that the node does not know any more, before its descriptor is
    ///     closed
    InodeTable(Inode root, int most, LongSupplier ids, InodeDescriptors descriptors, Consumer<Inode> forgotten) {
        this.most = most;
        this.ids = ids;
        this.descriptors = descriptors;
        this.forgotten = forgotten;
        byId.put(Inode.ROOT, root);
        byIdentity.put(root.identity(), root);
    }

    synchronized Inode get(long id) throws CallFailed {
        Inode inode = byId.get(id);
        if (inode == null) throw new CallFailed(Errno.ESTALE);
        return inode;
    }

    /// A name was looked up or made: finds or adds its inode, and counts the lookup.
    ///
    /// @param descriptor an O_PATH one of the file, taken over if this does not fail; or -1
    Inode seen(Identity identity, Inode parent, Bytes name, int descriptor, boolean veiled) throws CallFailed {
        Inode inode = find(identity, parent, name, veiled, true);
        if (descriptor >= 0) descriptors.adopt(inode, descriptor);
        return inode;
    }

    /// The same of a file that was found by what a guest has open, not by a place at home: where it was seen before
    /// is believed on.
    Inode held(Identity identity, Inode parent, Bytes name, int descriptor) throws CallFailed {
        Inode inode = find(identity, parent, name, false, false);
        descriptors.adopt(inode, descriptor);
        return inode;
    }

    private synchronized Inode find(Identity identity, Inode parent, Bytes name, boolean veiled, boolean isPlace)
            throws CallFailed {
        Inode inode = find(identity);
        if (inode == null && identity.mayBeRenumbered()) inode = revivedAt(parent, name);
        if (inode == null) {
            if (byId.size() >= most) throw new CallFailed(Errno.ENFILE);
            inode = new Inode(ids.getAsLong(), identity, parent, name, veiled, false);
            byId.put(inode.id, inode);
            byIdentity.put(identity, inode);
        } else {
            inode.found(identity);
            if (isPlace) inode.seenAt(parent, name);
        }
        inode.lookups++;
        return inode;
    }

    /// A known inode was moved: it is found under this name from now on.
    synchronized void moved(Identity identity, Inode parent, Bytes name) {
        Inode inode = find(identity);
        if (inode != null) inode.seenAt(parent, name);
    }

    void forget(long id, long lookups) {
        Inode dropped;
        synchronized (this) {
            Inode inode = byId.get(id);
            if (inode == null || id == Inode.ROOT) return;
            inode.lookups -= lookups;
            if (inode.lookups > 0) return;
            byId.remove(id);
            byIdentity.remove(inode.identity(), inode);
            revived.remove(
                    Identity.revived(inode.identity().device(), inode.identity().inode()), inode);
            dropped = inode;
        }
        forgotten.accept(dropped);
        descriptors.drop(dropped);
    }

    /// An id of before the restart is valid again; where it leads is found out when it is used. Told twice, the
    /// file is at either place.
    synchronized void revive(long id, long parentId, Bytes name, long device, long inodeNumber, long lookups) {
        Inode parent = byId.get(parentId);
        if (parent == null) return;
        Inode known = byId.get(id);
        if (known != null) {
            if (known.revived) known.mayBeAt(parent, name);
            return;
        }
        Identity identity = Identity.revived(device, inodeNumber);
        Inode inode = new Inode(id, identity, parent, name, false, true);
        inode.lookups = lookups;
        inode.whenFound(found -> found(identity, found));
        byId.put(id, inode);
        revived.put(identity, inode);
    }

    /// From now on it is known as all others are; its number may be another one than it was told with.
    private synchronized void found(Identity told, Inode inode) {
        revived.remove(told, inode);
        if (byId.get(inode.id) == inode) byIdentity.putIfAbsent(inode.identity(), inode);
    }

    /// A revived directory that was not used since.
    private Inode revivedAt(Inode parent, Bytes name) {
        for (Inode each : revived.values()) {
            Inode.Place place = each.place();
            if (each.identity().type() == 0
                    && place.parent() == parent
                    && place.name().equals(name)) return each;
        }
        return null;
    }

    /// The inode of that identity, if the node knows it; else null.
    synchronized Inode find(Identity identity) {
        Inode inode = byIdentity.get(identity);
        if (inode != null || revived.isEmpty()) return inode;
        return revived.get(Identity.revived(identity.device(), identity.inode()));
    }

    /// Those with a greater id, some of them, in that order.
    synchronized List<FileResult.Told> after(long id, int most) {
        PriorityQueue<Inode> first = new PriorityQueue<>(
                Comparator.comparingLong((Inode each) -> each.id).reversed());
        for (Inode each : byId.values()) {
            if (each.id <= id || each.id == Inode.ROOT) continue;
            first.add(each);
            if (first.size() > most) first.poll();
        }
        List<FileResult.Told> told = new ArrayList<>(first.size());
        while (!first.isEmpty()) told.add(first.poll().told());
        return told.reversed();
    }

    synchronized List<Inode> all() {
        return List.copyOf(byId.values());
    }

    synchronized int size() {
        return byId.size();
    }

    /// The node is gone, or has begun anew.
    void clear() {
        List<Inode> all;
        synchronized (this) {
            Inode root = byId.get(Inode.ROOT);
            all = new ArrayList<>(byId.values());
            all.remove(root);
            byId.clear();
            byIdentity.clear();
            revived.clear();
            byId.put(Inode.ROOT, root);
            byIdentity.put(root.identity(), root);
        }
        for (Inode inode : all) {
            forgotten.accept(inode);
            descriptors.drop(inode);
        }
    }
}
