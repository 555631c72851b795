package drover.homefs.mount;

import drover.protocol.file.Bytes;
import drover.protocol.file.FileAttributes;
import drover.protocol.file.FileRecall.Item;
import drover.protocol.file.FileResult;
import drover.protocol.file.FileResult.Found;
import drover.protocol.file.Lease;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/// What home was asked for before the kernel asked: names, and the content of small files. All of it is under a full
/// lease, and dropped before home's recall of it is acknowledged, and when this node changes it itself.
///
/// Home counts each name that is kept here as a lookup: one that the kernel never asks for is given back.
///
/// Thread rule: any thread, one lock. What is taken to be given to the kernel is given under [Grants#answering()].
final class Ahead {
    /// Of all directories: some 500 bytes each, here and at home. Also of files whose content is here.
    static final int MOST_NAMES = 4_096;

    private static final int MOST_CONTENT_BYTES = 4 << 20;
    /// Who does not come to it within that time, does not go through the directory.
    private static final long UNUSED_NANOS = 30_000_000_000L;

    private record Key(long parent, Bytes name) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Key that && parent == that.parent && name.equals(that.name);
        }

        @Override
        public int hashCode() {
            return Long.hashCode(parent) * 31 + name.hashCode();
        }
    }

    private record Kept(Found value, Walk walk, long sinceNanos, long untilNanos) {}

    /// Of a file.
    private static final class Content {
        final Bytes bytes;
        final Walk walk;
        final long sinceNanos = System.nanoTime();
        long given;

        Content(Bytes bytes, Walk walk) {
            this.bytes = bytes;
            this.walk = walk;
        }
    }

    /// @param found under a full lease
    /// @param untilNanos until when that may be believed
    record Name(Found found, long untilNanos) {}

    private final Map<Key, Kept> names = new LinkedHashMap<>();
    private final Map<Long, Key> namesOfNodes = new HashMap<>();
    private final Map<Long, Content> contents = new LinkedHashMap<>();
    private final LongConsumer giveBack;
    private long contentBytes;

    /// @param giveBack has home forget one lookup of a node
    Ahead(LongConsumer giveBack) {
        this.giveBack = giveBack;
    }

    /// Whether it can be kept: nobody need be asked for it before it is taken back.
    static boolean isSteady(Found found) {
        FileResult.Entry entry = found.entry();
        return entry == null
                ? found.absence() == Lease.FULL
                : entry.nameLease() == Lease.FULL && entry.attributesLease() == Lease.FULL;
    }

    synchronized void keep(long parent, Found found, Walk walk, long leaseNanos) {
        long now = System.nanoTime();
        Key key = new Key(parent, found.name());
        drop(key);
        names.put(key, new Kept(found, walk, now, now + leaseNanos));
        if (found.entry() != null) namesOfNodes.put(found.entry().node(), key);
        if (names.size() > MOST_NAMES) dropWasted(names.keySet().iterator().next());
    }

    /// Content of a file that the kernel is told of, or will be.
    synchronized void keepContent(long node, Bytes content, Walk walk) {
        dropContent(node);
        contents.put(node, new Content(content, walk));
        contentBytes += content.length();
        Iterator<Content> eldest = contents.values().iterator();
        while (contentBytes > MOST_CONTENT_BYTES || contents.size() > MOST_NAMES) removeWasted(eldest);
    }

    private void removeWasted(Iterator<Content> eldest) {
        Content content = eldest.next();
        eldest.remove();
        contentBytes -= content.bytes.length();
        // of an empty file nothing is read
        if (content.given == 0 && content.bytes.length() > 0) content.walk.wasted();
    }

    /// The name, if it is here, which from now on is the caller's to give to the kernel; else null.
    synchronized Name take(long parent, Bytes name) {
        Key key = new Key(parent, name);
        Kept kept = names.remove(key);
        if (kept == null) return null;
        if (kept.value.entry() != null) namesOfNodes.remove(kept.value.entry().node(), key);
        return new Name(kept.value, kept.untilNanos);
    }

    synchronized boolean has(long parent, Bytes name) {
        return names.containsKey(new Key(parent, name));
    }

    /// The attributes of a file whose content is here, if its name is, too: the kernel, which knows it by that name
    /// already, opens it. Null else.
    synchronized FileAttributes takeOpened(long parent, Bytes name, long node) {
        Kept kept = names.get(new Key(parent, name));
        if (kept == null || kept.value.entry() == null || kept.value.entry().node() != node) return null;
        drop(new Key(parent, name));
        return contents.containsKey(node) ? kept.value.entry().attributes() : null;
    }

    /// The content of a file, if it is here, else null. It is dropped when as much was read as there is: the kernel
    /// has it then.
    synchronized Bytes read(long node, long offset, int length) {
        Content content = contents.get(node);
        if (content == null) return null;
        content.given += Math.clamp(content.bytes.length() - offset, 0, length);
        if (content.given >= content.bytes.length()) dropContent(node);
        return content.bytes;
    }

    /// The same, and it stays here.
    synchronized Bytes content(long node) {
        Content content = contents.get(node);
        return content == null ? null : content.bytes;
    }

    /// The kernel has the whole content now.
    synchronized void given(long node) {
        dropContent(node);
    }

    private void drop(Key key) {
        Kept kept = names.remove(key);
        if (kept == null || kept.value.entry() == null) return;
        long node = kept.value.entry().node();
        namesOfNodes.remove(node, key); // it may have been found under a newer name
        giveBack.accept(node);
    }

    private void dropWasted(Key key) {
        Kept kept = names.get(key);
        kept.walk.wasted();
        if (kept.value.entry() != null) dropContent(kept.value.entry().node());
        drop(key);
    }

    private void dropContent(long node) {
        Content content = contents.remove(node);
        if (content != null) contentBytes -= content.bytes.length();
    }

    /// This node changes it, or has just done so.
    synchronized void changed(long parent, Bytes name) {
        drop(new Key(parent, name));
    }

    /// The same of a file or directory, whatever its name.
    synchronized void changed(long node) {
        dropContent(node);
        Key key = namesOfNodes.get(node);
        if (key != null) drop(key);
    }

    /// Home takes these back. Call while no answer is made.
    synchronized void takenBack(List<Item> items) {
        for (Item item : items)
            switch (item) {
                case Item.Name(long directory, Bytes name, long node) -> {
                    changed(directory, name);
                    changed(node);
                }
                case Item.Attributes(long node) -> changed(node);
                case Item.Content(long node) -> changed(node);
                case Item.Everything() -> dropAll();
                case Item.AtMost _ -> {}
            }
    }

    synchronized void dropAll() {
        for (Key key : List.copyOf(names.keySet())) drop(key);
        contents.clear();
        contentBytes = 0;
    }

    /// Home is another one than before: it counts no lookups that only this was told of.
    synchronized void homeIsAnother() {
        names.clear();
        namesOfNodes.clear();
        contents.clear();
        contentBytes = 0;
    }

    /// Drops what was not used for a while. Returns whether anything is left.
    synchronized boolean dropUnused() {
        long before = System.nanoTime() - UNUSED_NANOS;
        while (!names.isEmpty()) {
            Map.Entry<Key, Kept> eldest = names.entrySet().iterator().next();
            if (eldest.getValue().sinceNanos - before > 0) break;
            dropWasted(eldest.getKey());
        }
        while (!contents.isEmpty() && contents.values().iterator().next().sinceNanos - before < 0)
            removeWasted(contents.values().iterator());
        return !names.isEmpty() || !contents.isEmpty();
    }

    synchronized int names() {
        return names.size();
    }

    synchronized int contents() {
        return contents.size();
    }

    synchronized long contentBytes() {
        return contentBytes;
    }
}
