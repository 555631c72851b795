package drover.homefs.mount;

import drover.protocol.file.Bytes;
import drover.protocol.file.FileAttributes;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileOperation.Rename;
import drover.protocol.file.FileOperation.RevivedNode;
import drover.protocol.file.FileResult;
import drover.protocol.file.HeldName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

/// The inodes that the kernel knows of one home: as many as its own cache holds. Any thread.
final class KnownNodes {
    static final long ROOT = 1;
    /// A path is not followed further: while directories are renamed, it may seem to be a circle.
    private static final int DEEPEST = 256;

    private record Entry(long parent, Bytes name) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Entry that && parent == that.parent && name.equals(that.name);
        }

        @Override
        public int hashCode() {
            return Long.hashCode(parent) * 31 + name.hashCode();
        }
    }

    private final Map<Long, KnownNode> nodes = new ConcurrentHashMap<>();
    private final Map<Entry, Long> names = new ConcurrentHashMap<>();
    private final Set<Bytes> held = ConcurrentHashMap.newKeySet(0);
    private volatile Runnable grown = () -> {};
    private volatile KernelNotes notes;
    private volatile boolean resumed;
    /// What the kernel forgot before this daemon was told that it knew it; null once it has been told of all.
    private Map<Long, Long> forgottenEarly;

    /// @param grown run for each node that is new; not to wait for anything
    void onGrowth(Runnable grown) {
        this.grown = grown;
    }

    /// The kernel may know files from a daemon before this one. Call before the first is seen.
    void resumed() {
        resumed = true;
        forgottenEarly = new HashMap<>();
    }

    /// Notes what the kernel comes to know, and forgets. Call before the first is seen.
    void noteIn(KernelNotes notes) {
        this.notes = notes;
    }

    /// Home says that the kernel knows it. Nothing else is known of it.
    synchronized void told(FileResult.Told told) {
        RevivedNode node = told.node();
        long lookups = node.lookups() - (forgottenEarly == null ? 0 : forgottenEarly.getOrDefault(node.node(), 0L));
        if (lookups <= 0 || nodes.putIfAbsent(node.node(), new KnownNode(told, lookups)) != null) return;
        names.putIfAbsent(new Entry(node.parent(), node.name()), node.node());
        grown.run();
    }

    /// There is no more to tell.
    synchronized void toldOfAll() {
        forgottenEarly = null;
    }

    /// Returns the node if it has been told of meanwhile; else null.
    private synchronized KnownNode forgottenEarly(long id, long lookups) {
        KnownNode node = nodes.get(id);
        if (node == null && forgottenEarly != null) forgottenEarly.merge(id, lookups, Long::sum);
        return node;
    }

    void seen(long parent, Bytes name, FileResult.Entry entry) {
        FileAttributes attributes = entry.attributes();
        KnownNode node = nodes.get(entry.node());
        boolean isNew = node == null;
        if (isNew)
            node = nodes.computeIfAbsent(entry.node(), id -> new KnownNode(id, parent, name, attributes, resumed));
        if (HeldName.is(name)) {
            held.add(name);
            node.seenAgain();
            noteSeen(node, isNew ? node.parent() : -1, name);
        } else {
            node.seen(parent, name);
            noteSeen(node, parent, name);
            names.put(new Entry(parent, name), entry.node());
        }
        if (isNew) grown.run();
    }

    /// @param parent negative if it is known by a better name
    private void noteSeen(KnownNode node, long parent, Bytes name) {
        KernelNotes to = notes;
        if (to == null) return;
        if (parent < 0) to.lookedUpAgain(node.id);
        else to.node(new RevivedNode(node.id, parent, name, node.device, node.inode, 1), node.isDirectory);
    }

    /// Names of what guests hold that are being made here, since they were last taken: all in the root.
    List<Bytes> takeHeld() {
        List<Bytes> taken = List.copyOf(held);
        taken.forEach(held::remove);
        return taken;
    }

    void forgotten(long id, long lookups) {
        KernelNotes to = notes;
        if (to != null) to.forgotten(id, lookups);
        KnownNode node = nodes.get(id);
        if (node == null) node = forgottenEarly(id, lookups);
        if (node == null || !node.forgotten(lookups)) return;
        nodes.remove(id, node);
        relist(node);
        names.remove(new Entry(node.parent(), node.name()), id);
    }

    /// The kernel does not know the file's attributes any more. To list its directory anew brings them
    /// faster than to ask for one after the other.
    void relist(KnownNode file) {
        KnownNode directory = nodes.get(file.parent());
        if (directory != null) directory.listing().forget();
    }

    void moved(long parent, Bytes name, long newParent, Bytes newName, boolean exchanged) {
        Long there = names.remove(new Entry(newParent, newName));
        Long id = names.remove(new Entry(parent, name));
        move(id, newParent, newName);
        if (exchanged) move(there, parent, name);
    }

    /// This call may change attributes, so that what was told of them before is nothing to answer with
    /// after it. The kernel lets no other call change the same directory meanwhile.
    void changing(FileOperation operation) {
        switch (operation) {
            case FileOperation.SetAttributes o -> nothingNext(o.node());
            case FileOperation.SetXattr o -> nothingNext(o.node());
            case FileOperation.RemoveXattr o -> nothingNext(o.node());
            case FileOperation.Create o -> nothingNext(o.parent());
            case FileOperation.Symlink o -> nothingNext(o.parent());
            case FileOperation.MakeNode o -> nothingNext(o.parent());
            case FileOperation.MakeDirectory o -> nothingNext(o.parent());
            case FileOperation.Link o -> nothingNext(o.newParent());
            case FileOperation.Unlink o -> nothingNext(o.parent());
            case FileOperation.RemoveDirectory o -> nothingNext(o.parent());
            case Rename o -> {
                notePerhapsMoved(o);
                nothingNext(o.parent());
                nothingNext(o.newParent());
                nothingNext(at(o.parent(), o.name()));
                nothingNext(at(o.newParent(), o.newName()));
            }
            default -> {}
        }
    }

    private void notePerhapsMoved(Rename rename) {
        KernelNotes to = notes;
        if (to == null) return;
        for (RevivedNode node : perhapsMoved(rename)) to.perhapsMoved(node.node(), node.parent(), node.name());
    }

    private void nothingNext(long id) {
        KnownNode node = nodes.get(id);
        if (node != null) node.next(null);
    }

    /// Where nodes are if this rename was performed and its answer got lost.
    List<RevivedNode> perhapsMoved(Rename o) {
        List<RevivedNode> moved = new ArrayList<>(2);
        perhapsAt(moved, new Entry(o.parent(), o.name()), o.newParent(), o.newName());
        if (o.exchanges()) perhapsAt(moved, new Entry(o.newParent(), o.newName()), o.parent(), o.name());
        return moved;
    }

    private void perhapsAt(List<RevivedNode> moved, Entry from, long parent, Bytes name) {
        Long id = names.get(from);
        KnownNode node = id == null ? null : nodes.get(id);
        if (node != null) moved.add(new RevivedNode(id, parent, name, node.device, node.inode, node.lookups()));
    }

    private void move(Long id, long parent, Bytes name) {
        if (id == null) return;
        names.put(new Entry(parent, name), id);
        KernelNotes to = notes;
        if (to != null) to.moved(id, parent, name);
        KnownNode node = nodes.get(id);
        if (node != null) node.movedTo(parent, name);
    }

    /// Null if nothing is known: the kernel was told of it by a daemon before this one.
    KnownNode get(long id) {
        return nodes.get(id);
    }

    /// What a name was last said to lead to; 0 if nothing is known.
    long at(long parent, Bytes name) {
        Long id = names.get(new Entry(parent, name));
        return id == null ? 0 : id;
    }

    /// Where home has it, by the names that were looked up; null if a directory on the way is not known.
    Bytes path(KnownNode node) {
        List<Bytes> names = new ArrayList<>();
        for (KnownNode at = node; at.id != ROOT; ) {
            Bytes name = at.name();
            if (name == null || name.length() == 0 || names.size() > DEEPEST) return null;
            names.add(name);
            long parent = at.parent();
            if (parent == ROOT) break;
            at = nodes.get(parent);
            if (at == null) return null;
        }
        return Bytes.path(names.reversed());
    }

    /// All names that led somewhere; some files have several.
    void forEachName(BiConsumer<Long, Bytes> task) {
        for (Entry entry : List.copyOf(names.keySet())) task.accept(entry.parent, entry.name);
    }

    List<KnownNode> all() {
        return List.copyOf(nodes.values());
    }

    /// The same without a copy, while they change.
    Iterable<KnownNode> each() {
        return nodes.values();
    }

    int size() {
        return nodes.size();
    }

    /// All nodes, each behind its parent.
    List<RevivedNode> parentsFirst() {
        List<RevivedNode> order = new ArrayList<>(nodes.size());
        Set<Long> done = new HashSet<>();
        done.add(ROOT);
        for (KnownNode node : nodes.values()) {
            List<KnownNode> chain = new ArrayList<>();
            for (KnownNode at = node; at != null && done.add(at.id); at = nodes.get(at.parent())) chain.add(at);
            for (KnownNode at : chain.reversed())
                order.add(new RevivedNode(at.id, at.parent(), at.name(), at.device, at.inode, at.lookups()));
        }
        return order;
    }
}
