package drover.homefs.server;

import drover.homefs.server.NodeView.Call;
import drover.linux.syscall.Access;
import drover.linux.syscall.Close;
import drover.linux.syscall.CopyFileRange;
import drover.linux.syscall.Errno;
import drover.linux.syscall.Fallocate;
import drover.linux.syscall.FileStatus;
import drover.linux.syscall.Fsync;
import drover.linux.syscall.Lseek;
import drover.linux.syscall.Open;
import drover.linux.syscall.Read;
import drover.linux.syscall.Write;
import drover.linux.syscall.Xattr;
import drover.model.Credentials;
import drover.protocol.file.Bytes;
import drover.protocol.file.ContentHash;
import drover.protocol.file.FileAttributes;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileResult;
import drover.protocol.file.Lease;
import drover.protocol.file.ReplyCodec;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;

/// Calls on the content of open files, and opening them.
final class ContentCalls {
    /// One call's data at most, as one frame carries it.
    static final int MAX_DATA_BYTES = 1 << 20;

    private static final int MAX_PREFETCH_BYTES = 64 << 10;
    /// What of the guest's open flags means something to the file at home. The rest (O_DIRECT, O_NOATIME...) is
    /// the guest's kernel's business or asks for rights it may not have.
    private static final int OPEN_FLAGS = Open.O_ACCMODE | Open.O_APPEND | Open.O_TRUNC | Open.O_SYNC;
    /// Never wait for the other end of a FIFO, never get a terminal, never leave for another file.
    private static final int ALWAYS = Open.O_CLOEXEC | Open.O_NOCTTY | Open.O_NONBLOCK;

    private static final int OTHERS_MAY_READ = 04;
    private static final byte[] ACCESS_LIST = "system.posix_acl_access".getBytes(StandardCharsets.US_ASCII);

    private final InodeDescriptors descriptors;
    private final Attributes attributes;
    private final AttributeCalls attributeCalls;
    private final NameCalls names;
    private final Handles handles;
    private final Leases leases;
    private final Recalls recalls;
    private final Programs programs;
    private final ProcSelf procSelf;
    private final BlockHashes hashes = new BlockHashes(Clock.systemUTC());

    ContentCalls(
            InodeDescriptors descriptors,
            Attributes attributes,
            AttributeCalls attributeCalls,
            NameCalls names,
            Handles handles,
            Leases leases,
            Recalls recalls,
            Programs programs,
            ProcSelf procSelf) {
        this.descriptors = descriptors;
        this.attributes = attributes;
        this.attributeCalls = attributeCalls;
        this.names = names;
        this.handles = handles;
        this.leases = leases;
        this.recalls = recalls;
        this.programs = programs;
        this.procSelf = procSelf;
    }

    FileResult.Opened open(Call call, FileOperation.Open o) throws CallFailed {
        Inode inode = call.inode(o.node());
        leases.content(call.view(), inode);
        Identity file = inode.identity();
        programs.open(call.view(), file, o.flags());
        try {
            return opened(call, o, inode, reopen(call, inode, o.flags()));
        } finally {
            programs.closed(call.view(), file, o.flags()); // but for the handle, which counts by itself
        }
    }

    /// Opens a file again that is open already, with rights that nobody asks for.
    FileResult.Opened openAsHeld(Call call, FileOperation.Open o, OpenHandle held) throws CallFailed {
        Inode inode = call.inode(o.node());
        leases.content(call.view(), inode);
        Credentials caller = call.credentials();
        held.use();
        try {
            call.acting().assumeRoot();
            int flags = (o.flags() & OPEN_FLAGS & ~Open.O_TRUNC) | ALWAYS;
            int descriptor = Open.openat(procSelf.descriptor(), ProcSelf.name(held.descriptor()), flags, 0);
            return opened(call, o, inode, CallFailed.check(descriptor));
        } finally {
            call.acting().assume(caller);
            held.leave();
        }
    }

    private FileResult.Opened opened(Call call, FileOperation.Open o, Inode inode, int descriptor) throws CallFailed {
        if ((o.flags() & Open.O_TRUNC) != 0) call.changed(new Change.Content(inode.identity()));
        OpenHandle handle = handles.add(call, inode, o.flags(), false, descriptor);
        try {
            if (o.killSetIds() && call.credentials().isRoot()) attributeCalls.killSetIds(descriptor);
            FileStatus status = Attributes.status(descriptor);
            FileAttributes now = attributes.of(status);
            boolean toAll = !handle.writable() && mayBeReadByAll(status, descriptor) && openToAll(call, inode, status);
            return new FileResult.Opened(
                    handle.id, now, prefetch(handle, now, o.prefetchBytes()), toAll, handle.flushes);
        } catch (CallFailed e) {
            handles.release(call.view(), handle);
            throw e;
        }
    }

    /// Whether the node may open it without asking from now on: not what has no name, for then nobody but those who
    /// have
    /// it open at home keeps it. Who is about to write it asks first, and looks then who
    /// was told this.
    private boolean openToAll(Call call, Inode inode, FileStatus status) {
        return status.links() > 0
                && leases.openToAll(call.since(), inode, status)
                && !programs.isWrittenElsewhere(call.view(), inode.identity());
    }

    /// By its mode, and without a list that says otherwise of somebody.
    ///
    /// @param descriptor of the open file
    private static boolean mayBeReadByAll(FileStatus status, int descriptor) {
        if ((status.mode() & OTHERS_MAY_READ) == 0) return false;
        int length = Xattr.length(descriptor, ACCESS_LIST);
        return length == -Errno.ENODATA || length == -Errno.EOPNOTSUPP;
    }

    /// Opens a regular file by its inode.
    int reopen(Call call, Inode inode, int guestFlags) throws CallFailed {
        try (var pin = descriptors.pin(inode, call.acting())) {
            FileStatus status = Attributes.status(pin.descriptor);
            if (status.isDirectory()) throw new CallFailed(Errno.EISDIR);
            // FIFOs, sockets and devices are opened by the guest's own kernel
            if (!status.isRegular()) throw new CallFailed(status.isSymlink() ? Errno.ELOOP : Errno.EACCES);
            int flags = (guestFlags & OPEN_FLAGS) | ALWAYS;
            int descriptor = Open.openat(procSelf.descriptor(), ProcSelf.name(pin.descriptor), flags, 0);
            if (descriptor == -Errno.EACCES && mayReadAll(call, inode, pin, guestFlags))
                descriptor = openAsRoot(call, pin);
            return CallFailed.check(descriptor);
        }
    }

    /// A program may be run by those who may not read it, and what a guest opened on its node alone, when it might,
    /// stays open to it.
    private boolean mayReadAll(Call call, Inode inode, InodeDescriptors.Pin pin, int flags) throws CallFailed {
        if (Programs.writes(flags)) return false;
        if (recalls.isPerhapsOpen(call.view(), inode, leases)) return true;
        if (!Programs.runs(flags)) return false;
        CallFailed.check(Access.ofDescriptor(pin.descriptor, Access.X_OK));
        return true;
    }

    private int openAsRoot(Call call, InodeDescriptors.Pin pin) throws CallFailed {
        Credentials caller = call.credentials();
        call.acting().assumeRoot();
        try {
            return Open.openat(procSelf.descriptor(), ProcSelf.name(pin.descriptor), Open.O_RDONLY | ALWAYS, 0);
        } finally {
            call.acting().assume(caller);
        }
    }

    /// All of a file's content, if it is small and anybody may read it, under the leases that an open gives; else
    /// null.
    ///
    /// @param told what the node is told of the file
    Bytes small(Call call, FileResult.Entry told, int mostBytes) throws CallFailed {
        FileAttributes is = told.attributes();
        if (!is.isRegular() || is.size() > Math.min(mostBytes, MAX_PREFETCH_BYTES)) return null;
        if ((is.mode() & OTHERS_MAY_READ) == 0
                || told.nameLease() != Lease.FULL
                || told.attributesLease() != Lease.FULL) return null;
        Inode inode = call.inode(told.node());
        if (inode.veiled) return null;
        leases.content(call.view(), inode);
        int descriptor = reopen(call, inode, Open.O_RDONLY);
        try {
            FileStatus status = Attributes.status(descriptor);
            if (!mayBeReadByAll(status, descriptor) || !attributes.of(status).sameContent(is)) return null;
            byte[] content = new byte[(int) is.size()];
            if (content.length > 0 && read(descriptor, content) != content.length) return null;
            // if it has changed meanwhile, that is known by now or will be told
            return openToAll(call, inode, status) ? Bytes.owning(content) : null;
        } finally {
            Close.close(descriptor);
        }
    }

    private static int read(int descriptor, byte[] into) throws CallFailed {
        ByteBuf data = ByteBufAllocator.DEFAULT.directBuffer(into.length);
        try {
            int got = read(descriptor, data, into.length, 0);
            data.readBytes(into, 0, got);
            return got;
        } finally {
            data.release();
        }
    }

    private static ByteBuf prefetch(OpenHandle handle, FileAttributes now, int wanted) throws CallFailed {
        if (wanted <= 0 || handle.writable() || now.size() == 0 || now.size() > Math.min(wanted, MAX_PREFETCH_BYTES))
            return Unpooled.EMPTY_BUFFER;
        ByteBuf data = ByteBufAllocator.DEFAULT.directBuffer((int) now.size());
        try {
            if (read(handle.descriptor(), data, (int) now.size(), 0) == now.size()) return data.retain();
            return Unpooled.EMPTY_BUFFER;
        } finally {
            data.release();
        }
    }

    FileResult.Created create(Call call, FileOperation.Create o) throws CallFailed {
        Inode parent = names.writable(call, o.parent(), o.name());
        try (var pin = descriptors.pin(parent, call.acting())) {
            call.acting().umask(o.umask());
            int flags = (o.flags() & (OPEN_FLAGS | Open.O_EXCL)) | Open.O_CREAT | Open.O_NOFOLLOW | ALWAYS;
            int descriptor =
                    CallFailed.check(Open.openat(pin.descriptor, o.name().array(), flags, o.mode() & 07777));
            call.changed(new Change.Name(parent.identity(), o.name()));
            if (o.killSetIds() && call.credentials().isRoot()) attributeCalls.killSetIds(descriptor);
            return created(call, parent, o.name(), o.flags(), descriptor);
        }
    }

    FileResult.Created temporaryFile(Call call, FileOperation.TemporaryFile o) throws CallFailed {
        Inode parent = call.inode(o.parent());
        if (parent.veiled) throw new CallFailed(Errno.EACCES);
        try (var pin = descriptors.pin(parent, call.acting())) {
            call.acting().umask(o.umask());
            int flags = (o.flags() & (OPEN_FLAGS | Open.O_EXCL)) | Open.O_TMPFILE | ALWAYS;
            int descriptor = CallFailed.check(
                    Open.openat(procSelf.descriptor(), ProcSelf.name(pin.descriptor), flags, o.mode() & 07777));
            FileResult.Created made = created(call, parent, Bytes.EMPTY, o.flags(), descriptor);
            call.inode(made.entry().node()).nameable = (o.flags() & Open.O_EXCL) == 0;
            return made;
        }
    }

    private FileResult.Created created(Call call, Inode parent, Bytes name, int flags, int descriptor)
            throws CallFailed {
        int path = Open.openat(procSelf.descriptor(), ProcSelf.name(descriptor), Open.O_PATH | Open.O_CLOEXEC, 0);
        FileResult.Entry entry;
        try {
            entry = names.entryOf(call, parent, name, CallFailed.check(path));
            if (!entry.attributes().isRegular()) {
                call.view().inodes.forget(entry.node(), 1);
                throw new CallFailed(Errno.EEXIST);
            }
        } catch (CallFailed e) {
            Close.close(descriptor);
            throw e;
        }
        Inode inode = call.inode(entry.node());
        leases.content(call.view(), inode);
        if ((flags & Open.O_TRUNC) != 0) call.changed(new Change.Content(inode.identity()));
        OpenHandle handle = handles.add(call, inode, flags, false, descriptor);
        return new FileResult.Created(entry, handle.id, handle.flushes);
    }

    /// The reply's frame itself: the data is read into its place.
    ByteBuf read(Call call, long id, FileOperation.Read o) throws CallFailed {
        if (o.length() < 0 || o.length() > MAX_DATA_BYTES || o.offset() < 0) throw new CallFailed(Errno.EINVAL);
        OpenHandle handle = call.use(o.handle());
        leases.content(call.view(), handle.inode);
        ByteBuf frame = ReplyCodec.beginData(id, o.length(), ByteBufAllocator.DEFAULT);
        try {
            int got = read(handle.descriptor(), frame, o.length(), o.offset());
            handle.moved(got, o.offset() + got);
            return frame.retain();
        } finally {
            frame.release();
            handle.leave();
        }
    }

    /// Appends up to `length` bytes of the file.
    private static int read(int descriptor, ByteBuf into, int length, long offset) throws CallFailed {
        int total = 0;
        while (total < length) {
            ByteBuffer part = into.nioBuffer(into.writerIndex(), length - total);
            int got = Read.pread(descriptor, part, offset + total);
            if (got == -Errno.EINTR) continue;
            if (CallFailed.check(got) == 0) break;
            into.writerIndex(into.writerIndex() + got);
            total += got;
        }
        return total;
    }

    FileResult.Hashes hashes(Call call, FileOperation.HashBlocks o) throws CallFailed {
        if (o.first() < 0 || o.count() < 1 || o.count() > ContentHash.MAX_AT_ONCE) throw new CallFailed(Errno.EINVAL);
        OpenHandle handle = call.use(o.handle());
        leases.content(call.view(), handle.inode);
        try {
            if (handle.directory) throw new CallFailed(Errno.EISDIR);
            return new FileResult.Hashes(hashes.of(handle.descriptor(), o.first(), o.count()));
        } finally {
            handle.leave();
        }
    }

    FileResult.Written write(Call call, FileOperation.Write o) throws CallFailed {
        ByteBuf data = o.data();
        if (data.readableBytes() > MAX_DATA_BYTES || o.offset() < 0) throw new CallFailed(Errno.EINVAL);
        OpenHandle handle = call.use(o.handle());
        try {
            FileAttributes before = attributes.ofDescriptor(handle.descriptor());
            if (o.killSetIds() && call.credentials().isRoot()) attributeCalls.killSetIds(handle.descriptor());
            call.changed(new Change.Content(handle.inode.identity()));
            int total = write(handle.descriptor(), data, o.offset());
            handle.moved(total, o.offset() + total);
            return new FileResult.Written(total, before, attributes.ofDescriptor(handle.descriptor()));
        } finally {
            handle.leave();
        }
    }

    /// The answer to a write that was done before.
    FileResult.Written written(Call call, long handleId, int bytes) throws CallFailed {
        OpenHandle handle = call.use(handleId);
        try {
            FileAttributes now = attributes.ofDescriptor(handle.descriptor());
            return new FileResult.Written(bytes, now, now);
        } finally {
            handle.leave();
        }
    }

    private static int write(int descriptor, ByteBuf data, long offset) throws CallFailed {
        if (!data.isDirect()) throw new CallFailed(Errno.EIO);
        int length = data.readableBytes();
        int total = 0;
        while (total < length) {
            ByteBuffer part = data.nioBuffer(data.readerIndex() + total, length - total);
            int put = Write.pwrite(descriptor, part, offset + total);
            if (put == -Errno.EINTR) continue;
            if (put < 0 && total > 0) break;
            total += CallFailed.check(put);
        }
        return total;
    }

    void sync(Call call, FileOperation.Sync o) throws CallFailed {
        OpenHandle handle = call.use(o.handle());
        try {
            CallFailed.check(o.dataOnly() ? Fsync.fdatasync(handle.descriptor()) : Fsync.fsync(handle.descriptor()));
        } finally {
            handle.leave();
        }
    }

    void syncFileSystem(Call call, long node) throws CallFailed {
        try (var pin = descriptors.pin(call.inode(node), call.acting())) {
            int descriptor = Open.openat(procSelf.descriptor(), ProcSelf.name(pin.descriptor), Open.O_CLOEXEC, 0);
            try {
                CallFailed.check(Fsync.syncfs(CallFailed.check(descriptor)));
            } finally {
                if (descriptor >= 0) Close.close(descriptor);
            }
        }
    }

    void allocate(Call call, FileOperation.Allocate o) throws CallFailed {
        OpenHandle handle = call.use(o.handle());
        try {
            call.changed(new Change.Content(handle.inode.identity()));
            CallFailed.check(Fallocate.fallocate(handle.descriptor(), o.mode(), o.offset(), o.length()));
        } finally {
            handle.leave();
        }
    }

    FileResult.Position seek(Call call, FileOperation.Seek o) throws CallFailed {
        if (o.whence() != Lseek.SEEK_DATA && o.whence() != Lseek.SEEK_HOLE) throw new CallFailed(Errno.EINVAL);
        OpenHandle handle = call.use(o.handle());
        try {
            return new FileResult.Position(CallFailed.check(Lseek.lseek(handle.descriptor(), o.offset(), o.whence())));
        } finally {
            handle.leave();
        }
    }

    FileResult.Position copyRange(Call call, FileOperation.CopyRange o) throws CallFailed {
        OpenHandle from = call.use(o.from());
        try {
            OpenHandle to = call.use(o.to());
            try {
                // one call must not occupy a thread for long
                long length = Math.min(o.length(), 64L << 20);
                call.changed(new Change.Content(to.inode.identity()));
                return new FileResult.Position(CallFailed.check(CopyFileRange.copyFileRange(
                        from.descriptor(), o.fromOffset(), to.descriptor(), o.toOffset(), length)));
            } finally {
                to.leave();
            }
        } finally {
            from.leave();
        }
    }
}
