package drover.homefs.server;

import drover.homefs.server.NodeView.Call;
import drover.linux.syscall.Errno;
import drover.linux.syscall.FileStatus;
import drover.linux.syscall.Getdents;
import drover.linux.syscall.Lseek;
import drover.linux.syscall.Open;
import drover.linux.syscall.Stat;
import drover.protocol.file.Bytes;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileResult;
import drover.protocol.file.FileResult.Listed;
import drover.protocol.file.Lease;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// Listing directories. The offsets are those of home's own file system, which knows how to go on in a
/// directory that changes meanwhile.
final class DirectoryCalls {
    /// The sizes of `struct fuse_dirent` and `struct fuse_entry_out`: an entry that the kernel has no room for
    /// must not be counted as looked up.
    private static final int DIRENT_BYTES = 24;

    private static final int ENTRY_BYTES = 128;
    private static final int MAX_LISTING_BYTES = 128 << 10;
    private static final int GETDENTS_BYTES = 32 << 10;
    private static final ThreadLocal<ByteBuffer> BUFFER = ThreadLocal.withInitial(
            () -> ByteBuffer.allocateDirect(GETDENTS_BYTES).order(ByteOrder.nativeOrder()));

    private final InodeDescriptors descriptors;
    private final Identities identities;
    private final Attributes attributes;
    private final Handles handles;
    private final Leases leases;
    private final Veil veil;
    private final ProcSelf procSelf;

    DirectoryCalls(
            InodeDescriptors descriptors,
            Identities identities,
            Attributes attributes,
            Handles handles,
            Leases leases,
            Veil veil,
            ProcSelf procSelf) {
        this.leases = leases;
        this.descriptors = descriptors;
        this.identities = identities;
        this.attributes = attributes;
        this.handles = handles;
        this.veil = veil;
        this.procSelf = procSelf;
    }

    FileResult.Opened open(Call call, long node) throws CallFailed {
        Inode inode = call.inode(node);
        OpenHandle handle = handles.add(call, inode, 0, true, reopen(call, inode));
        call.acting().assumeRoot(); // nothing more is done for the caller
        leases.watch().coverNow(inode); // or all that is in it would have to be asked for again
        boolean steady = leases.listing(leases.now(), inode) == Lease.FULL;
        return new FileResult.Opened(
                handle.id, attributes.ofDescriptor(handle.descriptor()), Unpooled.EMPTY_BUFFER, steady, false);
    }

    int reopen(Call call, Inode inode) throws CallFailed {
        try (var pin = descriptors.pin(inode, call.acting())) {
            return CallFailed.check(Open.openat(
                    procSelf.descriptor(),
                    ProcSelf.name(pin.descriptor),
                    Open.O_RDONLY | Open.O_DIRECTORY | Open.O_CLOEXEC,
                    0));
        }
    }

    FileResult.Listing read(Call call, FileOperation.ReadDirectory o) throws CallFailed {
        OpenHandle handle = call.use(o.handle());
        try {
            if (!handle.directory) throw new CallFailed(Errno.ENOTDIR);
            leases.content(call.view(), handle.inode);
            synchronized (handle) {
                return new FileResult.Listing(list(call, handle, o));
            }
        } finally {
            handle.leave();
        }
    }

    private List<Listed> list(Call call, OpenHandle handle, FileOperation.ReadDirectory o) throws CallFailed {
        List<Listed> entries = new ArrayList<>();
        int room = Math.min(o.maxBytes(), MAX_LISTING_BYTES);
        ByteBuffer buffer = BUFFER.get();
        if (handle.position != o.offset()) seek(handle, o.offset(), buffer.clear());
        while (true) {
            buffer.clear().limit(Math.clamp(room, 1_024, GETDENTS_BYTES));
            int filled = CallFailed.check(Getdents.getdents64(handle.descriptor(), buffer));
            if (filled == 0) return entries;
            for (int at = 0; at < filled; at += Short.toUnsignedInt(buffer.getShort(at + Getdents.RECORD_BYTES))) {
                Bytes name = name(buffer, at);
                int needed = DIRENT_BYTES + ((name.length() + 7) & ~7) + (o.plus() ? ENTRY_BYTES : 0);
                if (needed > room) {
                    // the descriptor has moved past what is given out
                    handle.position = -1;
                    return entries;
                }
                Listed listed = listed(call, handle, o.plus(), buffer, at, name);
                handle.position = buffer.getLong(at + Getdents.NEXT_OFFSET);
                if (listed == null) continue;
                entries.add(listed);
                room -= needed;
            }
            if (!entries.isEmpty() && o.plus()) return entries;
        }
    }

    /// After home's restart the first that is read of a directory may be its end. On ext4 a descriptor that was
    /// never read elsewhere then shows nothing from the start either, so it is read at the start before.
    private static void seek(OpenHandle handle, long offset, ByteBuffer buffer) throws CallFailed {
        if (handle.position == 0) CallFailed.check(Getdents.getdents64(handle.descriptor(), buffer));
        handle.position = -1;
        CallFailed.check(Lseek.lseek(handle.descriptor(), offset, Lseek.SEEK_SET));
        handle.position = offset;
    }

    private static Bytes name(ByteBuffer buffer, int at) {
        int end = at + Getdents.NAME;
        while (buffer.get(end) != 0) end++;
        byte[] name = new byte[end - at - Getdents.NAME];
        buffer.get(at + Getdents.NAME, name);
        return Bytes.owning(name);
    }

    private Listed listed(Call call, OpenHandle handle, boolean plus, ByteBuffer buffer, int at, Bytes name) {
        long offset = buffer.getLong(at + Getdents.NEXT_OFFSET);
        long number = attributes.number(handle.inode.identity().device(), buffer.getLong(at + Getdents.INODE));
        int type = buffer.get(at + Getdents.TYPE) & 0xff;
        if (!name.isName()) return new Listed(name, number, offset, type, null);
        if (handle.inode.veiled) return null;
        if (!plus) return new Listed(name, number, offset, type, null);
        Call now = call.from(leases.now()); // what happens while others are looked at is no matter
        if (!(Stat.ofName(handle.descriptor(), name.array()) instanceof Stat.Result.Found(FileStatus status)))
            return new Listed(name, number, offset, type, null);
        boolean veiled = veil.covers(status, -1, handle.descriptor(), name.array());
        if (veiled && !status.isDirectory()) return null;
        Identity identity = identities.of(status, handle.descriptor(), name.array());
        try {
            Inode inode = call.view().inodes.seen(identity, handle.inode, name, -1, veiled);
            boolean noAcl = AccessLists.none(status, handle.descriptor(), name);
            FileResult.Entry entry = leases.entry(now, handle.inode, name, inode, status, attributes.of(status), noAcl);
            return new Listed(name, number, offset, type, entry);
        } catch (CallFailed e) {
            return new Listed(name, number, offset, type, null); // the node knows too many already
        }
    }
}
