package drover.homefs.mount;

import static drover.linux.fuse.FuseOpcode.*;

import drover.linux.fuse.FuseRequest;
import drover.protocol.file.Bytes;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileTime;
import drover.protocol.file.LockRange;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;

/// What the kernel asks, as a file call. Pure: reads the request and nothing else.
final class RequestTranslator {
    private static final int GETATTR_HANDLE = 1;
    private static final int SETATTR_HANDLE = 1 << 6;
    private static final int OPEN_KILL_SET_IDS = 1;
    private static final int WRITE_KILL_SET_IDS = 1 << 2;
    private static final int RELEASE_FLOCK_UNLOCK = 1 << 1;
    private static final int FSYNC_DATA = 1;
    private static final int LOCK_FLOCK = 1;

    private RequestTranslator() {}

    /// Null for an operation that is none for home.
    static FileOperation translate(FuseRequest request, int prefetchBytes) {
        ByteBuffer b = request.body();
        long node = request.node();
        return switch (request.opcode()) {
            case LOOKUP -> new FileOperation.Lookup(node, string(b));
            case GETATTR, STATX -> {
                int flags = b.getInt();
                b.getInt();
                yield new FileOperation.GetAttributes(node, (flags & GETATTR_HANDLE) != 0 ? b.getLong() : 0);
            }
            case SETATTR -> setAttributes(node, b);
            case READLINK -> new FileOperation.ReadLink(node);
            case SYMLINK -> new FileOperation.Symlink(node, string(b), string(b));
            case MKNOD -> {
                int mode = b.getInt();
                int rdev = b.getInt();
                int umask = b.getInt();
                b.getInt();
                yield new FileOperation.MakeNode(node, string(b), mode, umask, rdev);
            }
            case MKDIR -> {
                int mode = b.getInt();
                int umask = b.getInt();
                yield new FileOperation.MakeDirectory(node, string(b), mode, umask);
            }
            case UNLINK -> new FileOperation.Unlink(node, string(b));
            case RMDIR -> new FileOperation.RemoveDirectory(node, string(b));
            case RENAME -> {
                long to = b.getLong();
                yield new FileOperation.Rename(node, string(b), to, string(b), 0);
            }
            case RENAME2 -> {
                long to = b.getLong();
                int flags = b.getInt();
                b.getInt();
                yield new FileOperation.Rename(node, string(b), to, string(b), flags);
            }
            case LINK -> new FileOperation.Link(b.getLong(), node, string(b));
            case OPEN -> {
                int flags = b.getInt();
                yield new FileOperation.Open(node, flags, (b.getInt() & OPEN_KILL_SET_IDS) != 0, prefetchBytes);
            }
            case CREATE, TMPFILE -> create(request.opcode(), node, b);
            case READ -> new FileOperation.Read(b.getLong(), b.getLong(), b.getInt());
            case WRITE -> write(b);
            case STATFS -> new FileOperation.FileSystemStatus(node);
            case RELEASE, RELEASEDIR -> {
                long handle = b.getLong();
                b.getInt();
                int flags = b.getInt();
                yield new FileOperation.Release(handle, (flags & RELEASE_FLOCK_UNLOCK) != 0, b.getLong());
            }
            case FLUSH -> {
                long handle = b.getLong();
                b.getLong();
                yield new FileOperation.Flush(handle, b.getLong());
            }
            case FSYNC, FSYNCDIR -> new FileOperation.Sync(b.getLong(), (b.getInt() & FSYNC_DATA) != 0);
            case SYNCFS -> new FileOperation.SyncFileSystem(node);
            case SETXATTR -> {
                int size = b.getInt();
                int flags = b.getInt();
                Bytes name = string(b);
                byte[] value = new byte[size];
                b.get(value);
                yield new FileOperation.SetXattr(node, name, Bytes.owning(value), flags);
            }
            case GETXATTR -> {
                b.getLong();
                yield new FileOperation.GetXattr(node, string(b));
            }
            case LISTXATTR -> new FileOperation.ListXattr(node);
            case REMOVEXATTR -> new FileOperation.RemoveXattr(node, string(b));
            case OPENDIR -> new FileOperation.OpenDirectory(node);
            case READDIR, READDIRPLUS ->
                new FileOperation.ReadDirectory(b.getLong(), b.getLong(), b.getInt(), request.opcode() == READDIRPLUS);
            case ACCESS -> new FileOperation.Access(node, b.getInt());
            case FALLOCATE -> {
                long handle = b.getLong();
                long offset = b.getLong();
                long length = b.getLong();
                yield new FileOperation.Allocate(handle, b.getInt(), offset, length);
            }
            case LSEEK -> new FileOperation.Seek(b.getLong(), b.getLong(), b.getInt());
            case COPY_FILE_RANGE, COPY_FILE_RANGE_64 -> {
                long from = b.getLong();
                long fromOffset = b.getLong();
                b.getLong();
                yield new FileOperation.CopyRange(from, fromOffset, b.getLong(), b.getLong(), b.getLong());
            }
            case GETLK, SETLK, SETLKW -> lock(request.opcode(), b);
            default -> null;
        };
    }

    /// How much room the kernel has for the answer, where it depends on that.
    static int size(FuseRequest request) {
        ByteBuffer b = request.body();
        return switch (request.opcode()) {
            case READ, READDIR, READDIRPLUS -> b.getInt(b.position() + 16);
            case GETXATTR, LISTXATTR -> b.getInt(b.position());
            default -> 0;
        };
    }

    private static FileOperation setAttributes(long node, ByteBuffer b) {
        int at = b.position();
        int valid = b.getInt(at);
        return new FileOperation.SetAttributes(
                node,
                (valid & SETATTR_HANDLE) != 0 ? b.getLong(at + 8) : 0,
                valid,
                b.getInt(at + 68),
                b.getInt(at + 76),
                b.getInt(at + 80),
                b.getLong(at + 16),
                new FileTime(b.getLong(at + 32), b.getInt(at + 56)),
                new FileTime(b.getLong(at + 40), b.getInt(at + 60)));
    }

    private static FileOperation create(int opcode, long node, ByteBuffer b) {
        int flags = b.getInt();
        int mode = b.getInt();
        int umask = b.getInt();
        boolean kill = (b.getInt() & OPEN_KILL_SET_IDS) != 0;
        return opcode == CREATE
                ? new FileOperation.Create(node, string(b), flags, mode, umask, kill)
                : new FileOperation.TemporaryFile(node, flags, mode, umask);
    }

    private static FileOperation write(ByteBuffer b) {
        long handle = b.getLong();
        long offset = b.getLong();
        int size = b.getInt();
        boolean kill = (b.getInt() & WRITE_KILL_SET_IDS) != 0;
        b.position(b.position() + 16);
        return new FileOperation.Write(handle, offset, kill, Unpooled.wrappedBuffer(b.limit(b.position() + size)));
    }

    private static FileOperation lock(int opcode, ByteBuffer b) {
        long handle = b.getLong();
        long owner = b.getLong();
        long start = b.getLong();
        long end = b.getLong();
        int type = b.getInt();
        LockRange range = new LockRange(type, start, end, b.getInt());
        if (opcode == GETLK) return new FileOperation.TestLock(handle, owner, range);
        boolean flock = (b.getInt() & LOCK_FLOCK) != 0;
        return new FileOperation.SetLock(handle, owner, range, flock, opcode == SETLKW);
    }

    private static Bytes string(ByteBuffer b) {
        int end = b.position();
        while (b.get(end) != 0) end++;
        byte[] bytes = new byte[end - b.position()];
        b.get(bytes).get();
        return Bytes.owning(bytes);
    }
}
