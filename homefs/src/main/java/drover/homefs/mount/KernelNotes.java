package drover.homefs.mount;

import drover.protocol.file.Bytes;
import drover.protocol.file.Caller;
import drover.protocol.file.FileOperation.RevivedNode;
import drover.protocol.file.FileResult.Held;
import drover.protocol.file.FileResult.Told;
import java.io.BufferedInputStream;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    private static final int NAME_MAX_BYTES = 4_096;
    private static final int RECORD_MAX_BYTES = NAME_MAX_BYTES + 64;
    /// What may be over beside as much as is not.
    private static final long SLACK_BYTES = 4 << 20;

    /// What is noted of one mount.
    ///
    /// @param boot the start of home that knew it; 0 if none is noted
    /// @param nodes with what is left of their lookups, none with nothing
    record Noted(long boot, List<Told> nodes, List<Held> handles) {
        static final Noted NOTHING = new Noted(0, List.of(), List.of());
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
        size = 0;
        mostBytes = Long.MAX_VALUE;
        OutputStream old = out;
        out = new FileOutputStream(next.toFile());
        boot(noted.boot());
        for (Told told : noted.nodes()) {
            RevivedNode node = told.node();
            node(
                    node.node(),
                    node.parent(),
                    node.name(),
                    node.device(),
                    node.inode(),
                    told.directory(),
                    node.lookups());
        }
        for (Held held : noted.handles())
            opened(held.handle(), held.node(), held.flags(), held.directory(), held.opener());
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        mostBytes = 2 * size + SLACK_BYTES;
        if (old != null) old.close();
    }

    /// The start of home that knows all that is noted.
    synchronized void boot(long boot) {
        write(begin(BOOT).putLong(boot));
    }

    /// The kernel is told of it, for the first time or again, by this name.
    synchronized void node(long id, long parent, Bytes name, long device, long inode, boolean directory, long lookups) {
        if (name.length() > NAME_MAX_BYTES) return; // none is so long
        write(begin(NODE)
                .putLong(id)
                .putLong(parent)
                .putLong(device)
                .putLong(inode)
                .put((byte) (directory ? 1 : 0))
                .putLong(lookups)
                .putInt(name.length())
                .put(name.array()));
    }

    /// The kernel is told of it once more.
    synchronized void lookedUpAgain(long id) {
        write(begin(LOOKED_UP_AGAIN).putLong(id));
    }

    synchronized void forgotten(long id, long lookups) {
        write(begin(FORGOTTEN).putLong(id).putLong(lookups));
    }

    synchronized void moved(long id, long parent, Bytes name) {
        if (name.length() > NAME_MAX_BYTES) return;
        write(begin(MOVED).putLong(id).putLong(parent).putInt(name.length()).put(name.array()));
    }

    synchronized void opened(long id, long node, int flags, boolean directory, Caller opener) {
        write(begin(HANDLE)
                .putLong(id)
                .putLong(node)
                .putInt(flags)
                .put((byte) (directory ? 1 : 0))
                .putLong(opener.job())
                .putInt(opener.epoch())
                .putInt(opener.uid())
                .putInt(opener.gid()));
    }

    synchronized void released(long id) {
        write(begin(RELEASED).putLong(id));
    }

    private ByteBuffer begin(byte kind) {
        return record.clear().put(kind);
    }

    private void write(ByteBuffer full) {
        if (out == null) return;
        try {
            out.write(bytes, 0, full.position());
            size += full.position();
            if (size > mostBytes) rewrite(read(file));
        } catch (IOException e) {
            log.error(
                    "cannot note in {} what the kernel knows of this home's files: guests that run here will lose their open "
                            + "files if this daemon is restarted",
                    file,
                    e);
            close();
            file.toFile().delete(); // what it says is not so any more
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
                case HANDLE -> {
                    long id = in.readLong();
                    long node = in.readLong();
                    int flags = in.readInt();
                    boolean directory = in.readBoolean();
                    Caller opener = new Caller(in.readLong(), in.readInt(), in.readInt(), in.readInt());
                    handles.put(id, new Held(id, opener, node, flags, directory));
                }
                case RELEASED -> handles.remove(in.readLong());
                default -> throw new IOException("no record of notes begins with " + kind);
            }
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
        }

        private void moved(long id, long parent, Bytes name) {
            nodes.computeIfPresent(id, (_, told) -> {
                RevivedNode n = told.node();
                return new Told(
                        new RevivedNode(id, parent, name, n.device(), n.inode(), n.lookups()), told.directory());
            });
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
            nodes.forEach((id, told) -> {
                long count = lookups.getOrDefault(id, 0L);
                RevivedNode n = told.node();
                if (count > 0)
                    left.add(new Told(
                            new RevivedNode(id, n.parent(), n.name(), n.device(), n.inode(), count), told.directory()));
            });
            return new Noted(boot, left, List.copyOf(handles.values()));
        }
    }
}
