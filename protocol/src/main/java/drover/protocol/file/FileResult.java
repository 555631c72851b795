package drover.protocol.file;

import io.netty.buffer.ByteBuf;
import java.util.List;

/// What came of a file call that succeeded.
public sealed interface FileResult {
    /// Nothing but the success.
    record Ok() implements FileResult {}

    /// Home's side of the handshake.
    ///
    /// @param boot another one than before means that home has restarted and knows no ids of the former
    record Welcome(int version, long boot, long rootNumber) implements FileResult {}

    /// What the node's kernel knows, as far as home has been told of it. Nothing more follows if there are no nodes and
    /// no files; then the locks are there.
    record Reminder(List<Told> nodes, List<Held> held, List<HeldLock> locks) implements FileResult {
        public static final int MAX_AT_ONCE = 1_000;
        /// Of one node: they fit into a frame. Of more, some are not told.
        public static final int MAX_LOCKS = 16_384;

        public Reminder {
            nodes = List.copyOf(nodes);
            held = List.copyOf(held);
            locks = List.copyOf(locks);
        }
    }

    /// One of the nodes.
    ///
    /// @param directory false also if home does not know
    record Told(FileOperation.RevivedNode node, boolean directory) {}

    /// An open file or directory.
    ///
    /// @param opener whose calls on it are
    record Held(long handle, Caller opener, long node, int flags, boolean directory) {}

    /// A lock.
    ///
    /// @param lock how it would be taken
    record HeldLock(long node, FileOperation.SetLock lock) {}

    /// A name was found or made; home counts one lookup more of the node.
    ///
    /// @param nameLease on the name's leading to this file
    /// @param attributesLease on the file's attributes
    /// @param noAcl as of [Attributes]
    record Entry(long node, FileAttributes attributes, Lease nameLease, Lease attributesLease, boolean noAcl)
            implements FileResult {}

    /// What became of names that were looked up together. Those are missing that home would rather be asked for
    /// one by one.
    record FoundAll(List<Found> names) implements FileResult {
        public FoundAll {
            names = List.copyOf(names);
        }
    }

    /// One of them.
    ///
    /// @param entry null if there is no such name
    /// @param absence lease on there being none
    /// @param content all of it, of a file that is as [Opened#toAll]; null if it does not come along
    record Found(Bytes name, Entry entry, Lease absence, Bytes content) {}

    /// What is known about a file.
    ///
    /// @param noAcl the file has no access control list, neither its own nor for what is made in it: as long as
    ///     the attributes are leased, nobody need ask for one
    record Attributes(FileAttributes attributes, Lease lease, boolean noAcl) implements FileResult {}

    /// A symbolic link's target, an attribute's value, or names of attributes each with a NUL behind it.
    record Content(Bytes bytes) implements FileResult {}

    /// A file or directory is open.
    ///
    /// @param prefetched the whole content, if it was asked for and is short enough; else empty
    /// @param toAll anybody may read it, and home takes that back when it changes: who opens it for reading
    ///     again need not ask. Of a directory: home takes it back when its names change, and who lists it
    ///     again need not ask
    /// @param flushes its file system may tell of a failed write only when the file is closed: home has to hear
    ///     of each close
    record Opened(long handle, FileAttributes attributes, ByteBuf prefetched, boolean toAll, boolean flushes)
            implements FileResult {}

    /// A name was made or removed, and the directory that it is in, or was, is now so: a kernel asks for
    /// that next.
    record InDirectory(FileResult result, Attributes directory) implements FileResult {
        public InDirectory {
            if (result instanceof InDirectory) throw new IllegalArgumentException("one directory is enough: " + result);
        }
    }

    /// A file was made, and is open.
    ///
    /// @param flushes as of [Opened]
    record Created(Entry entry, long handle, boolean flushes) implements FileResult {}

    /// A piece of a file's content; short at its end.
    ///
    /// @param data released by whoever handles the reply
    record Data(ByteBuf data) implements FileResult {}

    /// So much was written.
    ///
    /// @param before the file as it was when the write began, by which a cache can tell whether it wrote alone
    record Written(int bytes, FileAttributes before, FileAttributes after) implements FileResult {}

    record FileSystem(
            long blockBytes,
            long fragmentBytes,
            long blocks,
            long freeBlocks,
            long availableBlocks,
            long files,
            long freeFiles,
            int nameBytes)
            implements FileResult {}

    record Listing(List<Listed> entries) implements FileResult {
        public Listing {
            entries = List.copyOf(entries);
        }
    }

    /// One entry of a directory.
    ///
    /// @param offset where the listing goes on behind this entry
    /// @param type as d_type of readdir(3)
    /// @param entry the file, if the listing was asked for as lookups, or null. Null also for `.`, `..` and
    ///     what vanished
    record Listed(Bytes name, long number, long offset, int type, Entry entry) {}

    record Lock(LockRange range) implements FileResult {}

    /// Of the blocks asked for, as far as the file has them.
    record Hashes(List<ContentHash> hashes) implements FileResult {
        public Hashes {
            hashes = List.copyOf(hashes);
        }
    }

    /// An offset, or a count of bytes copied.
    record Position(long value) implements FileResult {}
}
