package drover.protocol.file;

import io.netty.buffer.ByteBuf;
import java.util.List;

/// What a file call asks for. `node` and `parent` are ids that home gave for inodes, `handle` one that it gave
/// for an open file; 0 stands for none. Modes, flags and offsets are Linux's.
public sealed interface FileOperation {
    /// The handle whose opener makes the call, whoever causes it; 0 if the caller itself makes it.
    default long openedHandle() {
        return switch (this) {
            case Read o -> o.handle();
            case Write o -> o.handle();
            case Release o -> o.handle();
            case Flush o -> o.handle();
            case Sync o -> o.handle();
            case ReadDirectory o -> o.handle();
            case Allocate o -> o.handle();
            case Seek o -> o.handle();
            case HashBlocks o -> o.handle();
            case CopyRange o -> o.to();
            case TestLock o -> o.handle();
            case SetLock o -> o.handle();
            default -> 0;
        };
    }

    /// The first call on each new link.
    ///
    /// @param mountId the same as long as the kernel's mount lives: home forgets what it knew of another one
    record Hello(int version, long mountId) implements FileOperation {}

    record Lookup(long parent, Bytes name) implements FileOperation {}

    /// Some names of one directory, each as if it were looked up, and the content of small files that anybody may
    /// read.
    ///
    /// @param names at most [#MAX_AT_ONCE]
    /// @param contentBytes up to which size a file's content is wanted; 0 for none
    record LookUpAll(long parent, List<Bytes> names, int contentBytes) implements FileOperation {
        public static final int MAX_AT_ONCE = 256;

        public LookUpAll {
            names = List.copyOf(names);
        }
    }

    /// How often home gave each node that the kernel now has dropped. No reply.
    record Forget(List<Forgotten> nodes) implements FileOperation {
        public Forget {
            nodes = List.copyOf(nodes);
        }
    }

    record Forgotten(long node, long lookups) {}

    /// Files are closed that no lock is on. Who releases one twice does no harm.
    record ReleaseAll(List<Long> handles) implements FileOperation {
        public ReleaseAll {
            handles = List.copyOf(handles);
        }
    }

    record GetAttributes(long node, long handle) implements FileOperation {}

    /// Changes mode, owner, size or times.
    ///
    /// @param valid FATTR_* bits of the FUSE protocol: which of the others are meant
    record SetAttributes(
            long node,
            long handle,
            int valid,
            int mode,
            int uid,
            int gid,
            long size,
            FileTime accessed,
            FileTime modified)
            implements FileOperation {
        public static final int MODE = 1;
        public static final int UID = 1 << 1;
        public static final int GID = 1 << 2;
        public static final int SIZE = 1 << 3;
        public static final int ACCESSED = 1 << 4;
        public static final int MODIFIED = 1 << 5;
        public static final int ACCESSED_NOW = 1 << 7;
        public static final int MODIFIED_NOW = 1 << 8;
        public static final int KILL_SET_IDS = 1 << 11;
    }

    record ReadLink(long node) implements FileOperation {}

    record Symlink(long parent, Bytes name, Bytes target) implements FileOperation {}

    record MakeNode(long parent, Bytes name, int mode, int umask, int rdev) implements FileOperation {}

    record MakeDirectory(long parent, Bytes name, int mode, int umask) implements FileOperation {}

    record Unlink(long parent, Bytes name) implements FileOperation {}

    record RemoveDirectory(long parent, Bytes name) implements FileOperation {}

    record Rename(long parent, Bytes name, long newParent, Bytes newName, int flags) implements FileOperation {
        private static final int EXCHANGE = 2; // RENAME_EXCHANGE of renameat2(2)

        public boolean exchanges() {
            return (flags & EXCHANGE) != 0;
        }
    }

    record Link(long node, long newParent, Bytes newName) implements FileOperation {}

    /// Opens a regular file.
    ///
    /// @param prefetchBytes how much of a small file's content may come along, to save the first read
    record Open(long node, int flags, boolean killSetIds, int prefetchBytes) implements FileOperation {}

    record Create(long parent, Bytes name, int flags, int mode, int umask, boolean killSetIds)
            implements FileOperation {}

    record TemporaryFile(long parent, int flags, int mode, int umask) implements FileOperation {}

    record Read(long handle, long offset, int length) implements FileOperation {}

    /// Writes at an offset, or at the end if the file was opened so.
    ///
    /// @param data released by whoever handles the call
    record Write(long handle, long offset, boolean killSetIds, ByteBuf data) implements FileOperation {}

    record FileSystemStatus(long node) implements FileOperation {}

    record Release(long handle, boolean unlockFlock, long lockOwner) implements FileOperation {}

    record Flush(long handle, long lockOwner) implements FileOperation {}

    record Sync(long handle, boolean dataOnly) implements FileOperation {}

    record SyncFileSystem(long node) implements FileOperation {}

    record SetXattr(long node, Bytes name, Bytes value, int flags) implements FileOperation {}

    record GetXattr(long node, Bytes name) implements FileOperation {}

    record ListXattr(long node) implements FileOperation {}

    record RemoveXattr(long node, Bytes name) implements FileOperation {}

    record OpenDirectory(long node) implements FileOperation {}

    /// Lists a directory from where the last listing ended.
    ///
    /// @param offset where to go on: 0, or the offset that came with an entry
    /// @param maxBytes room that the kernel has for entries, in its own form
    /// @param plus each entry as if it were looked up, too
    record ReadDirectory(long handle, long offset, int maxBytes, boolean plus) implements FileOperation {}

    record Access(long node, int mask) implements FileOperation {}

    record Allocate(long handle, int mode, long offset, long length) implements FileOperation {}

    record Seek(long handle, long offset, int whence) implements FileOperation {}

    record CopyRange(long from, long fromOffset, long to, long toOffset, long length) implements FileOperation {}

    /// The lock in the way of this one.
    record TestLock(long handle, long owner, LockRange range) implements FileOperation {}

    /// Takes or releases a lock.
    ///
    /// @param flock of the whole file and the open file, as flock(2); else of the owner, as fcntl(2)
    /// @param waits until it can be taken, or the call is cancelled
    record SetLock(long handle, long owner, LockRange range, boolean flock, boolean waits) implements FileOperation {}

    /// The guest was interrupted: the call of that id, if it still waits, fails with EINTR.
    record Cancel(long callId) implements FileOperation {}

    /// After home's restart: node ids that the kernel still knows, parents first.
    record ReviveNodes(List<RevivedNode> nodes) implements FileOperation {
        public ReviveNodes {
            nodes = List.copyOf(nodes);
        }
    }

    record RevivedNode(long node, long parent, Bytes name, long device, long inode, long lookups) {}

    /// After home's restart: an open file is opened again under its id.
    record ReviveHandle(long handle, long node, int flags, boolean directory) implements FileOperation {}

    /// After home's restart, and at each link: the node has told all that its kernel knows, and its guests have their
    /// locks again.
    record AllRevived() implements FileOperation {}

    /// After the restart of the node's daemon: what does home know of what the kernel knows here? Some of it at a time,
    /// in the order of ids.
    ///
    /// @param node the last node that the daemon was told of, or 0
    /// @param handle the last open file, or 0
    record Remind(long node, long handle) implements FileOperation {}

    /// The kernel asks again for all that the recall of that number named. No reply.
    record Recalled(long number) implements FileOperation {}

    /// What some blocks of an open file are, so that who has them already need not read them.
    ///
    /// @param first number of the first block
    /// @param count of blocks wanted, at most [ContentHash#MAX_AT_ONCE]
    record HashBlocks(long handle, int first, int count) implements FileOperation {}

    /// An operation that this version does not know. Home answers ENOSYS.
    record Unknown(int code) implements FileOperation {}
}
