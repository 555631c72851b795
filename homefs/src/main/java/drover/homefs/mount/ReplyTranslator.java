package drover.homefs.mount;

import drover.linux.fuse.FuseDevice;
import drover.linux.fuse.FuseOpcode;
import drover.linux.syscall.Errno;
import drover.linux.syscall.Open;
import drover.protocol.file.Bytes;
import drover.protocol.file.FileAttributes;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileReply;
import drover.protocol.file.FileResult;
import drover.protocol.file.Lease;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Home's answer, as the kernel's reply, and what the mount learns from it. Any thread.
final class ReplyTranslator {
    private static final Logger log = LoggerFactory.getLogger(ReplyTranslator.class);
    private final FuseDevice device;
    private final KnownNodes nodes;
    private final OpenHandles handles;
    private final Grants grants;
    private final Walks walks;
    private final MountCounters counters;
    private final Undo undo;

    /// What to do about an answer that the kernel does not want any more.
    interface Undo {
        void forget(long node, long lookups);

        void release(long handle);
    }

    ReplyTranslator(
            FuseDevice device,
            KnownNodes nodes,
            OpenHandles handles,
            Grants grants,
            Walks walks,
            MountCounters counters,
            Undo undo) {
        this.device = device;
        this.nodes = nodes;
        this.handles = handles;
        this.grants = grants;
        this.walks = walks;
        this.counters = counters;
        this.undo = undo;
    }

    void answer(PendingCall call, FileReply reply) {
        switch (reply) {
            case FileReply.Failed(long _, int errno, Lease lease) -> failed(call, errno, lease);
            case FileReply.Done(long _, FileResult result) -> done(call, result);
        }
    }

    /// What a lookup found, with what came along.
    void found(PendingCall call, FileResult.Found found) {
        FileResult.Entry entry = found.entry();
        if (entry == null) {
            failed(call, Errno.ENOENT, found.absence());
            return;
        }
        ByteBuffer out = FuseDevice.smallReply();
        putEntry(call, out, entry);
        KnownNode node = nodes.get(entry.node());
        if (found.content() != null && node != null && grants.isCurrent(call)) node.cameWithContent(entry.attributes());
        if (device.reply(call.unique, out) < 0) undo.forget(entry.node(), 1);
    }

    /// The same of what was found before the kernel asked.
    void foundBefore(PendingCall call, long parent, Ahead.Name name) {
        counters.answeredHere.increment();
        FileResult.Found found = name.found();
        FileResult.Entry entry = found.entry();
        ByteBuffer out = FuseDevice.smallReply();
        if (entry == null) {
            long nanos = grants.leftOfAbsence(parent, found.name(), name.untilNanos());
            if (nanos == 0) device.replyError(call.unique, Errno.ENOENT);
            else {
                KernelReply.noEntry(out, nanos);
                device.reply(call.unique, out);
            }
            return;
        }
        nodes.seen(parent, found.name(), entry);
        KnownNode node = nodes.get(entry.node());
        if (found.content() != null && node != null) node.cameWithContent(entry.attributes());
        long nanos = grants.left(name.untilNanos());
        if (node != null) node.acl(entry.noAcl(), nanos, () -> true);
        KernelReply.entry(out, entry, nanos, nanos);
        if (device.reply(call.unique, out) < 0) undo.forget(entry.node(), 1);
    }

    private void failed(PendingCall call, int errno, Lease lease) {
        if (errno == Errno.ENOENT && call.operation instanceof FileOperation.Lookup(long parent, Bytes name)) {
            long nanos = grants.forAbsence(call, parent, name, lease);
            if (nanos > 0) {
                ByteBuffer out = FuseDevice.smallReply();
                KernelReply.noEntry(out, nanos);
                device.reply(call.unique, out);
                return;
            }
        }
        if (errno == Errno.ENODATA
                && call.operation instanceof FileOperation.GetXattr(long id, Bytes name)
                && name.equals(KnownNode.CAPABILITY)) {
            KnownNode node = nodes.get(id);
            if (node != null && grants.isCurrent(call)) node.hasNoCapability(true);
        }
        if (call.operation instanceof FileOperation.Read)
            log.warn("{} fails for node {} and pid {}: errno {}", call.operation, call.node, call.pid, errno);
        if (call.operation instanceof FileOperation.Release release) handles.released(release.handle());
        device.replyError(call.unique, errno);
    }

    private void done(PendingCall call, FileResult result) {
        ByteBuffer out = FuseDevice.smallReply();
        switch (result) {
            case FileResult.Ok() -> {
                learn(call);
                device.reply(call.unique, FuseDevice.smallReply()); // notifications are made in the same buffer
            }
            case FileResult.Entry entry -> {
                putEntry(call, out, entry);
                if (device.reply(call.unique, out) < 0) undo.forget(entry.node(), 1);
            }
            case FileResult.Attributes(FileAttributes attributes, Lease lease, boolean noAcl) -> {
                if (call.operation instanceof FileOperation.SetAttributes set) changed(set);
                long nanos = grants.forAttributes(call, call.node, lease);
                acl(call, call.node, noAcl, nanos);
                if (call.opcode == FuseOpcode.STATX) KernelReply.statx(out, attributes, nanos);
                else KernelReply.attributesFor(out, attributes, nanos);
                device.reply(call.unique, out);
            }
            case FileResult.Content(Bytes bytes) -> content(call, out, bytes);
            case FileResult.Opened opened -> opened(call, opened);
            case FileResult.Created(FileResult.Entry entry, long handle, boolean flushes) -> {
                putEntry(call, out, entry);
                int flags = openFlags(call.operation);
                KnownNode node = nodes.get(entry.node());
                if (node != null) {
                    node.opened(entry.attributes());
                    node.hasNoCapability(grants.isCurrent(call));
                }
                handles.opened(handle, entry.node(), flags, false, call).flushes(flushes);
                KernelReply.opened(out, handle, directIo(flags));
                if (device.reply(call.unique, out) < 0) {
                    undo.release(handle);
                    undo.forget(entry.node(), 1);
                }
            }
            case FileResult.Data(ByteBuf data) -> {
                counters.bytesRead.add(data.readableBytes());
                replyData(call.unique, data);
            }
            case FileResult.Written(int bytes, FileAttributes before, FileAttributes after) -> {
                counters.bytesWritten.add(bytes);
                if (call.operation instanceof FileOperation.Write write) wrote(write.handle(), before, after);
                device.reply(call.unique, out.putInt(bytes).putInt(0));
            }
            case FileResult.FileSystem fileSystem -> {
                KernelReply.fileSystem(out, fileSystem);
                device.reply(call.unique, out);
            }
            case FileResult.Listing(List<FileResult.Listed> entries) -> listing(call, entries);
            case FileResult.Lock(var range) -> {
                KernelReply.lock(out, range);
                device.reply(call.unique, out);
            }
            case FileResult.Position(long value) -> {
                if (call.operation instanceof FileOperation.CopyRange copy) handles.changed(copy.to(), nodes);
                if (call.opcode == FuseOpcode.COPY_FILE_RANGE)
                    out.putInt((int) value).putInt(0);
                else out.putLong(value);
                device.reply(call.unique, out);
            }
            case FileResult.InDirectory(FileResult inner, FileResult.Attributes directory) -> {
                // before the kernel hears of the change, and asks
                KnownNode node = nodes.get(directoryOf(call));
                KnownNode.Next next = grants.next(call, directory);
                if (node != null) {
                    node.next(next);
                    long nanos = next == null ? 0 : next.believedUntilNanos() - System.nanoTime();
                    acl(call, node.id, directory.noAcl(), nanos);
                }
                done(call, inner);
            }
            case FileResult.Welcome _, FileResult.Reminder _, FileResult.Hashes _, FileResult.FoundAll _ ->
                device.replyError(call.unique, Errno.EIO);
        }
    }

    /// A direct buffer is written as it is; home's frames are.
    void replyData(long unique, ByteBuf data) {
        if (data.nioBufferCount() == 1 && data.isDirect()) {
            device.replyData(unique, data.nioBuffer());
            return;
        }
        ByteBuffer copy = ByteBuffer.allocateDirect(data.readableBytes());
        data.getBytes(data.readerIndex(), copy);
        device.replyData(unique, copy.flip());
    }

    private void putEntry(PendingCall call, ByteBuffer out, FileResult.Entry entry) {
        long parent = call.node;
        Bytes name = switch (call.operation) {
            case FileOperation.Lookup o -> o.name();
            case FileOperation.Symlink o -> o.name();
            case FileOperation.MakeNode o -> o.name();
            case FileOperation.MakeDirectory o -> o.name();
            case FileOperation.Link o -> o.newName();
            case FileOperation.Create o -> o.name();
            default -> Bytes.EMPTY;
        };
        nodes.seen(parent, name, entry);
        putEntry(call, out, parent, name, entry);
    }

    private void putEntry(PendingCall call, ByteBuffer out, long parent, Bytes name, FileResult.Entry entry) {
        long nanos = name.length() == 0 ? 0 : grants.forName(call, parent, name, entry.nameLease());
        long attributeNanos = grants.forAttributes(call, entry.node(), entry.attributesLease());
        acl(call, entry.node(), entry.noAcl(), attributeNanos);
        KernelReply.entry(out, entry, nanos, attributeNanos);
    }

    private void acl(PendingCall call, long id, boolean none, long nanos) {
        KnownNode node = nodes.get(id);
        if (node != null) node.acl(none, nanos, () -> grants.isCurrent(call));
    }

    /// From here. The kernel takes the file's attributes of before for right if they came with an answer to a
    /// call that was made before.
    private void aclChanged(long id) {
        grants.voidCallsUnderWayAtOnce();
        KnownNode node = nodes.get(id);
        if (node != null) node.aclChanged();
        device.expireAttributes(id);
    }

    private static long directoryOf(PendingCall call) {
        return call.operation instanceof FileOperation.Link link ? link.newParent() : call.node;
    }

    private static int openFlags(FileOperation operation) {
        return switch (operation) {
            case FileOperation.Open o -> o.flags();
            case FileOperation.Create o -> o.flags();
            case FileOperation.TemporaryFile o -> o.flags();
            default -> 0;
        };
    }

    /// Appended data lands where home puts it, and not where the kernel believes the end to be: it is not
    /// cached here.
    private static int directIo(int flags) {
        return (flags & Open.O_APPEND) != 0 && (flags & Open.O_ACCMODE) != Open.O_RDONLY
                ? KernelReply.FOPEN_DIRECT_IO
                : 0;
    }

    private void opened(PendingCall call, FileResult.Opened opened) {
        int flags = openFlags(call.operation);
        boolean directory = call.operation instanceof FileOperation.OpenDirectory;
        KnownHandle handle = handles.opened(opened.handle(), call.node, flags, directory, call);
        handle.flushes(opened.flushes());
        int answer = directIo(flags);
        KnownNode node = nodes.get(call.node);
        if (directory && node != null && opened.toAll() && grants.isCurrent(call)) {
            answer |= KernelReply.FOPEN_CACHE_DIR;
            if (node.listing().isKnown(grants.fullLeaseNanos())) answer |= KernelReply.FOPEN_KEEP_CACHE;
        }
        if (!directory && node != null) {
            boolean known = node.contentKnown();
            boolean kept = node.opened(opened.attributes());
            // the kernel drops the pages by itself, but goes on believing the size
            if (known && !kept) device.expireAttributes(call.node);
            node.openToAll(opened.toAll() && grants.isCurrent(call));
            if (kept && (flags & Open.O_TRUNC) == 0) answer |= KernelReply.FOPEN_KEEP_CACHE;
            else if (opened.prefetched().isReadable() && grants.isCurrent(call))
                handle.prefetched(opened.prefetched().retain(), node.writes());
        }
        opened.prefetched().release();
        ByteBuffer out = FuseDevice.smallReply(); // not before: a notification is made in the same buffer
        KernelReply.opened(out, opened.handle(), answer);
        if (device.reply(call.unique, out) < 0) undo.release(opened.handle());
    }

    private void content(PendingCall call, ByteBuffer out, Bytes bytes) {
        if (call.opcode == FuseOpcode.READLINK) {
            ByteBuffer body = FuseDevice.reply(bytes.length());
            device.reply(call.unique, body.put(bytes.array()));
        } else if (call.size == 0) {
            device.reply(call.unique, out.putInt(bytes.length()).putInt(0));
        } else if (bytes.length() > call.size) {
            device.replyError(call.unique, Errno.ERANGE);
        } else {
            ByteBuffer body = FuseDevice.reply(bytes.length());
            device.reply(call.unique, body.put(bytes.array()));
        }
    }

    private void listing(PendingCall call, List<FileResult.Listed> entries) {
        boolean plus = call.opcode == FuseOpcode.READDIRPLUS;
        ByteBuffer body = FuseDevice.reply(call.size);
        for (FileResult.Listed listed : entries) {
            int needed = KernelReply.directoryEntryBytes(listed.name()) + (plus ? KernelReply.ENTRY_BYTES : 0);
            if (body.remaining() < needed) {
                // home counts by the same sizes: it does not happen
                if (listed.entry() != null) undo.forget(listed.entry().node(), 1);
                continue;
            }
            if (plus && listed.entry() != null) {
                nodes.seen(call.node, listed.name(), listed.entry());
                putEntry(call, body, call.node, listed.name(), listed.entry());
            } else if (plus) {
                KernelReply.noLookup(body);
            }
            KernelReply.directoryEntry(body, listed);
        }
        KnownNode directory = nodes.get(call.node);
        if (directory != null && call.operation instanceof FileOperation.ReadDirectory read)
            directory.listing().told(read.offset(), entries, plus && grants.isCurrent(call));
        if (call.operation instanceof FileOperation.ReadDirectory read && !entries.isEmpty())
            walks.listed(
                    call.node,
                    read.offset() == 0,
                    entries.stream().map(FileResult.Listed::name).toList());
        if (device.reply(call.unique, body) < 0)
            for (FileResult.Listed listed : entries)
                if (listed.entry() != null) undo.forget(listed.entry().node(), 1);
    }

    private void changed(FileOperation.SetAttributes set) {
        KnownNode node = nodes.get(set.node());
        if (node != null) node.changed();
    }

    private void wrote(long handleId, FileAttributes before, FileAttributes after) {
        KnownHandle handle = handles.get(handleId);
        KnownNode node = handle == null ? null : nodes.get(handle.node);
        if (node == null) return;
        node.written(before, after);
        nodes.relist(node);
    }

    /// From a success that says no more than that.
    private void learn(PendingCall call) {
        switch (call.operation) {
            case FileOperation.Release o -> handles.released(o.handle());
            case FileOperation.Rename o -> nodes.moved(o.parent(), o.name(), o.newParent(), o.newName(), o.exchanges());
            case FileOperation.Allocate o -> handles.changed(o.handle(), nodes);
            case FileOperation.SetLock o -> handles.locked(o);
            case FileOperation.SetXattr o -> {
                KnownNode node = nodes.get(o.node());
                if (node != null) node.hasNoCapability(false);
                if (KnownNode.isAcl(o.name())) aclChanged(o.node());
            }
            case FileOperation.RemoveXattr(long id, Bytes name) -> {
                if (KnownNode.isAcl(name)) aclChanged(id);
            }
            default -> {}
        }
    }
}
