package drover.homefs.mount;

import drover.protocol.file.Bytes;
import drover.protocol.file.Caller;
import drover.protocol.file.FileOperation.RevivedNode;
import drover.protocol.file.FileOperation.SetLock;
import drover.protocol.file.FileResult.Held;
import drover.protocol.file.FileResult.HeldLock;
import drover.protocol.file.FileResult.Told;
import drover.protocol.file.LockRange;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the kernel knows of a home's files, noted where a daemon after this one finds it: for a home's mount of its
/// own files, both ends of which end with the same daemon, so that neither can tell the other. A file of records,
/// each written before the kernel hears of what it says, and written anew without what is over when it has grown.
/// It has to outlive a process, not the machine: nothing waits for a disk.
///
/// Thread rule: any thread.
final class KernelNotes implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(KernelNotes.class);
    private static final byte BOOT = 1;
    private static final byte NODE = 2;
    private static final byte LOOKED_UP_AGAIN = 3;
    private static final byte FORGOTTEN = 4;
    private static final byte MOVED = 5;
    private static final byte HANDLE = 6;
    private static final byte RELEASED = 7;
    private static final byte PERHAPS_MOVED = 8;
    private static final byte ABSENT = 9;
    private static final byte LOCKED = 10;
    private static final byte CLOSED = 11;
    /// More than the kernel lets be one.
    private static final int NAME_MAX_BYTES = 4_096;
    private static final int RECORD_MAX_BYTES = NAME_MAX_BYTES + 64;
    private static final Set<PosixFilePermission> OWNERS = PosixFilePermissions.fromString("rw-------");
    /// What may be over beside as much as is not.
    private static final long SLACK_BYTES = 4 << 20;

    /// What is noted of one mount.
    ///
    /// @param boot the start of home that knew it; 0 if none is noted
    /// @param nodes with what is left of their lookups, none with nothing
    /// @param perhaps other places of some of them, for renames that had no answer
    /// @param believed other names in which the kernel may believe: absent ones, and further ones of files
    record Noted(
            long boot,
            List<Told> nodes,
            List<Held> handles,
            List<HeldLock> locks,
            List<RevivedNode> perhaps,
            List<Grants.Name> believed) {
        static final Noted NOTHING = new Noted(0, List.of(), List.of(), List.of(), List.of(), List.of());
    }

    private final Path file;
    private final byte[] bytes = new byte[RECORD_MAX_BYTES];
    private final ByteBuffer record = ByteBuffer.wrap(bytes);
    private OutputStream out;
    private long size;
    private long mostBytes;

    private KernelNotes(Path file) {
        this.file = file;
    }

    /// Begins, in place of what is noted there.
    ///
    /// @param noted what is true now
    /// @throws IOException when it cannot be written
    static KernelNotes begin(Path file, Noted noted) throws IOException {
        KernelNotes notes = new KernelNotes(file);
        notes.rewrite(noted);
        return notes;
    }

    /// What an earlier daemon noted there; nothing if there is no such file.
    ///
    /// @throws IOException when it cannot be read
    static Noted read(Path file) throws IOException {
        Replay replay = new Replay();
        try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16))) {
            replay.all(in);
        } catch (NoSuchFileException e) {
            log.warn("{} is not there: what the kernel knows from before is lost", file);
        }
        return replay.noted();
    }

    private synchronized void rewrite(Noted noted) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".next");
        Files.deleteIfExists(next);
        Files.createFile(next, PosixFilePermissions.asFileAttribute(OWNERS)); // it has names of all users' files
        OutputStream fresh = new FileOutputStream(next.toFile());
        long written;
        try {
            written = writeAll(noted, fresh);
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            fresh.close();
            throw e;
        }
        close();
        out = fresh;
        size = written;
        mostBytes = 2 * written + SLACK_BYTES;
    }

    private long writeAll(Noted noted, OutputStream to) throws IOException {
        BufferedOutputStream buffered = new BufferedOutputStream(to, 1 << 16);
        long written = put(bootRecord(noted.boot()), buffered);
        for (Told told : noted.nodes()) written += put(nodeRecord(told.node(), told.directory()), buffered);
        for (Held held : noted.handles()) written += put(handleRecord(held), buffered);
        for (HeldLock held : noted.locks()) written += put(lockRecord(held), buffered);
        for (RevivedNode node : noted.perhaps())
            written += put(placeRecord(PERHAPS_MOVED, node.node(), node.parent(), node.name()), buffered);
        for (Grants.Name name : noted.believed())
            written += put(placeRecord(ABSENT, 0, name.parent(), name.name()), buffered);
        buffered.flush();
        return written;
    }

    /// The start of home that knows all that is noted.
    synchronized void boot(long boot) {
        note(bootRecord(boot));
    }

    /// The kernel is told of it, for the first time or again, by this name.
    ///
    /// @param node with how often it is told
    synchronized void node(RevivedNode node, boolean directory) {
        note(nodeRecord(node, directory));
    }

    /// The kernel is told of it once more.
    synchronized void lookedUpAgain(long id) {
        note(begin(LOOKED_UP_AGAIN).putLong(id));
    }

    synchronized void forgotten(long id, long lookups) {
        note(begin(FORGOTTEN).putLong(id).putLong(lookups));
    }

    synchronized void moved(long id, long parent, Bytes name) {
        note(placeRecord(MOVED, id, parent, name));
    }

    /// Home is about to be asked to move it there.
    synchronized void perhapsMoved(long id, long parent, Bytes name) {
        note(placeRecord(PERHAPS_MOVED, id, parent, name));
    }

    /// The kernel is told that there is no such name.
    synchronized void absent(long parent, Bytes name) {
        note(placeRecord(ABSENT, 0, parent, name));
    }

    synchronized void opened(Held handle) {
        note(handleRecord(handle));
    }

    synchronized void released(long id) {
        note(begin(RELEASED).putLong(id));
    }

    /// Taken, or given back.
    synchronized void locked(HeldLock held) {
        note(lockRecord(held));
    }

    /// An owner has closed a file, and so given back its locks of fcntl(2).
    synchronized void closed(long node, long owner) {
        note(begin(CLOSED).putLong(node).putLong(owner));
    }

    private ByteBuffer lockRecord(HeldLock held) {
        LockRange range = held.lock().range();
        return begin(LOCKED)
                .putLong(held.node())
                .putLong(held.lock().handle())
                .putLong(held.lock().owner())
                .put((byte) (held.lock().flock() ? 1 : 0))
                .putInt(range.type())
                .putLong(range.start())
                .putLong(range.end())
                .putInt(range.pid());
    }

    private ByteBuffer bootRecord(long boot) {
        return begin(BOOT).putLong(boot);
    }

    private ByteBuffer nodeRecord(RevivedNode node, boolean directory) {
        return begin(NODE)
                .putLong(node.node())
                .putLong(node.parent())
                .putLong(node.device())
                .putLong(node.inode())
                .put((byte) (directory ? 1 : 0))
                .putLong(node.lookups())
                .putInt(node.name().length())
                .put(node.name().array());
    }

    private ByteBuffer placeRecord(byte kind, long id, long parent, Bytes name) {
        return begin(kind).putLong(id).putLong(parent).putInt(name.length()).put(name.array());
    }

    private ByteBuffer handleRecord(Held handle) {
        Caller opener = handle.opener();
        return begin(HANDLE)
                .putLong(handle.handle())
                .putLong(handle.node())
                .putInt(handle.flags())
                .put((byte) (handle.directory() ? 1 : 0))
                .putLong(opener.job())
                .putInt(opener.epoch())
                .putInt(opener.uid())
                .putInt(opener.gid());
    }

    private ByteBuffer begin(byte kind) {
        return record.clear().put(kind);
    }

    private int put(ByteBuffer full, OutputStream to) throws IOException {
        to.write(bytes, 0, full.position());
        return full.position();
    }

    private void note(ByteBuffer full) {
        if (out == null) return;
        try {
            size += put(full, out);
            if (size > mostBytes) rewrite(read(file));
        } catch (IOException e) {
            log.error(
                    "cannot note in {} what the kernel knows of this home's files: guests that run here will lose their open "
                            + "files if this daemon is restarted",
                    file,
                    e);
            close();
            if (!file.toFile().delete()) log.warn("{} stays, though what it says is not so any more", file);
        }
    }

    @Override
    public synchronized void close() {
        OutputStream last = out;
        out = null;
        try {
            if (last != null) last.close();
        } catch (IOException e) {
            log.warn("closing {}: {}", file, e.toString());
        }
    }

    /// Takes records in the order in which they were written, which for lookups and forgets need not be the kernel's.
    private static final class Replay {
        private final Map<Long, Told> nodes = new LinkedHashMap<>();
        private final Map<Long, Long> lookups = new HashMap<>();
        private final Map<Long, Held> handles = new LinkedHashMap<>();
        private final HeldLocks locks = new HeldLocks();
        private final Map<Long, RevivedNode> perhaps = new HashMap<>();
        /// With the nodes that they lead to, or 0.
        private final Map<Grants.Name, Long> names = new LinkedHashMap<>();
        private long boot;

        void all(DataInputStream in) throws IOException {
            try {
                for (int kind = in.read(); kind >= 0; kind = in.read()) one((byte) kind, in);
            } catch (EOFException e) {
                log.debug("the last record was cut off by the end of its daemon");
            }
        }

        private void one(byte kind, DataInputStream in) throws IOException {
            switch (kind) {
                case BOOT -> boot = in.readLong();
                case NODE -> node(in);
                case LOOKED_UP_AGAIN -> lookups.merge(in.readLong(), 1L, Long::sum);
                case FORGOTTEN -> lookups.merge(in.readLong(), -in.readLong(), Long::sum);
                case MOVED -> moved(in.readLong(), in.readLong(), name(in));
                case PERHAPS_MOVED -> perhapsMoved(in.readLong(), in.readLong(), name(in));
                case ABSENT -> absent(in.readLong(), in.readLong(), name(in));
                case HANDLE -> {
                    long id = in.readLong();
                    long node = in.readLong();
                    int flags = in.readInt();
                    boolean directory = in.readBoolean();
                    Caller opener = new Caller(in.readLong(), in.readInt(), in.readInt(), in.readInt());
                    handles.put(id, new Held(id, opener, node, flags, directory));
                }
                case RELEASED -> {
                    long id = in.readLong();
                    handles.remove(id);
                    locks.released(id);
                }
                case LOCKED -> locked(in);
                case CLOSED -> locks.closed(in.readLong(), in.readLong());
                default -> throw new IOException("no record of notes begins with " + kind);
            }
        }

        private void locked(DataInputStream in) throws IOException {
            long node = in.readLong();
            long handle = in.readLong();
            long owner = in.readLong();
            boolean flock = in.readBoolean();
            LockRange range = new LockRange(in.readInt(), in.readLong(), in.readLong(), in.readInt());
            locks.set(node, new SetLock(handle, owner, range, flock, false));
        }

        private void node(DataInputStream in) throws IOException {
            long id = in.readLong();
            long parent = in.readLong();
            long device = in.readLong();
            long inode = in.readLong();
            boolean directory = in.readBoolean();
            lookups.merge(id, in.readLong(), Long::sum);
            Bytes name = name(in);
            nodes.put(id, new Told(new RevivedNode(id, parent, name, device, inode, 0), directory));
            names.put(new Grants.Name(parent, name), id);
        }

        private void moved(long id, long parent, Bytes name) {
            perhaps.remove(id);
            nodes.computeIfPresent(id, (_, told) -> new Told(at(told.node(), parent, name), told.directory()));
        }

        private void perhapsMoved(long id, long parent, Bytes name) {
            Told told = nodes.get(id);
            if (told != null) perhaps.put(id, at(told.node(), parent, name));
        }

        private static RevivedNode at(RevivedNode n, long parent, Bytes name) {
            return new RevivedNode(n.node(), parent, name, n.device(), n.inode(), n.lookups());
        }

        private static Bytes name(DataInputStream in) throws IOException {
            int length = in.readInt();
            if (length < 0 || length > NAME_MAX_BYTES) throw new IOException("a name of " + length + " bytes");
            byte[] name = new byte[length];
            in.readFully(name);
            return Bytes.owning(name);
        }

        Noted noted() {
            List<Told> left = new ArrayList<>();
            List<RevivedNode> elsewhere = new ArrayList<>();
            nodes.forEach((id, told) -> {
                long count = lookups.getOrDefault(id, 0L);
                if (count <= 0) return;
                left.add(new Told(counted(told.node(), count), told.directory()));
                if (perhaps.containsKey(id)) elsewhere.add(counted(perhaps.get(id), count));
            });
            return new Noted(boot, left, List.copyOf(handles.values()), locks.all(), elsewhere, believed());
        }

        /// @param none there is no node
        private void absent(long none, long parent, Bytes name) {
            names.put(new Grants.Name(parent, name), none);
        }

        private List<Grants.Name> believed() {
            List<Grants.Name> believed = new ArrayList<>();
            names.forEach((name, id) -> {
                RevivedNode node = id == 0 ? null : nodes.get(id).node();
                boolean isOwn = node != null
                        && node.parent() == name.parent()
                        && node.name().equals(name.name());
                if (!isOwn && (id == 0 || lookups.getOrDefault(id, 0L) > 0)) believed.add(name);
            });
            return List.copyOf(believed.subList(Math.max(0, believed.size() - Grants.LIMIT), believed.size()));
        }

        private static RevivedNode counted(RevivedNode n, long lookups) {
            return new RevivedNode(n.node(), n.parent(), n.name(), n.device(), n.inode(), lookups);
        }
    }
}
