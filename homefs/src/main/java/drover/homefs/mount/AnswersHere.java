package drover.homefs.mount;

import drover.linux.fuse.FuseDevice;
import drover.linux.fuse.FuseOpcode;
import drover.linux.fuse.FuseRequest;
import drover.linux.syscall.Errno;
import drover.model.GuestKey;
import drover.protocol.file.Bytes;
import drover.protocol.file.FileOperation;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.locks.Lock;

/// What of the kernel's requests this node answers without asking home: opens under a lease, content that
/// came along with an open or before, flushes of what home has already, the question before each write whether a
/// file has capabilities, and before others than its owner use it whether it has an access control list. Thread rule:
/// the threads that read requests.
final class AnswersHere {
    private final FuseDevice device;
    private final Callers callers;
    private final KnownNodes nodes;
    private final OpenHandles handles;
    private final Grants grants;
    private final LocalOpens locals;
    private final ReplyTranslator replies;
    private final Ahead ahead;
    private final Walks walks;
    private final MountCounters counters;

    AnswersHere(
            FuseDevice device,
            Callers callers,
            KnownNodes nodes,
            OpenHandles handles,
            Grants grants,
            LocalOpens locals,
            ReplyTranslator replies,
            Ahead ahead,
            Walks walks,
            MountCounters counters) {
        this.device = device;
        this.callers = callers;
        this.nodes = nodes;
        this.handles = handles;
        this.grants = grants;
        this.locals = locals;
        this.replies = replies;
        this.ahead = ahead;
        this.walks = walks;
        this.counters = counters;
    }

    /// Opens a file for a guest if that can be done here.
    boolean open(long unique, int pid, FileOperation.Open open) {
        if (!locals.mayOpen(open)) return false;
        KnownNode node = nodes.get(open.node());
        Optional<GuestKey> guest = callers.guestOf(pid);
        if (guest.isEmpty() || node == null) return false;
        Lock answering = grants.answering();
        answering.lock();
        try {
            long handle = locals.mayOpen(open) ? locals.open(open.node(), guest.get()) : 0;
            if (handle == 0) return false;
            ByteBuffer out = FuseDevice.smallReply();
            boolean kept = node.openedHere();
            if (!kept) walks.of(node.parent()).opened(); // the first time
            KernelReply.openedHere(out, handle, kept);
            if (device.reply(unique, out) < 0) locals.released(open.node(), handle, 0);
            counters.answeredHere.increment();
            return true;
        } finally {
            answering.unlock();
        }
    }

    /// Of a directory that was just changed from here: its attributes came with that.
    private boolean attributes(FuseRequest request, long id) {
        KnownNode node = nodes.get(id);
        KnownNode.Next next = node == null ? null : node.takeNext();
        if (next == null || request.opcode() != FuseOpcode.GETATTR) return false;
        Lock answering = grants.answering();
        answering.lock();
        try {
            long nanos = grants.forNext(id, next);
            if (nanos == 0) return false;
            ByteBuffer out = FuseDevice.smallReply();
            KernelReply.attributesFor(out, next.attributes(), nanos);
            device.reply(request.unique(), out);
            return true;
        } finally {
            answering.unlock();
        }
    }

    /// Answers if that can be done here; else returns false.
    boolean answer(FuseRequest request, FileOperation operation) {
        if (operation instanceof FileOperation.Open open) return open(request.unique(), request.pid(), open);
        boolean answered = tryTo(request, operation);
        if (answered) counters.answeredHere.increment();
        return answered;
    }

    private boolean tryTo(FuseRequest request, FileOperation operation) {
        long unique = request.unique();
        if (operation instanceof FileOperation.GetAttributes(long id, long _)) return attributes(request, id);
        if (operation instanceof FileOperation.Flush(long id, long owner)) {
            KnownHandle handle = handles.get(id);
            // home has all that was written already, and nothing to release
            if (handle == null || handles.mustFlush(handle, owner)) return false;
            device.replyError(unique, 0);
            return true;
        }
        if (operation instanceof FileOperation.GetXattr(long id, Bytes name) && name.equals(KnownNode.CAPABILITY)) {
            KnownNode node = nodes.get(id);
            if (node == null || !node.hasNoCapability()) return false;
            device.replyError(unique, Errno.ENODATA);
            return true;
        }
        if (operation instanceof FileOperation.GetXattr(long id, Bytes name) && KnownNode.isAcl(name)) {
            KnownNode node = nodes.get(id);
            if (node == null || !node.hasNoAcl()) return false;
            device.replyError(unique, Errno.ENODATA);
            return true;
        }
        if (operation instanceof FileOperation.Read(long id, long offset, int length) && LocalOpens.isLocal(id))
            return read(request, offset, length);
        if (operation instanceof FileOperation.Read(long id, long offset, int length) && offset == 0) {
            KnownHandle handle = handles.get(id);
            KnownNode node = handle == null ? null : nodes.get(handle.node);
            ByteBuf content = node == null ? null : handle.takePrefetched(node.writes());
            if (content == null) return false;
            // who reads past the kernel's cache may ask for less
            ByteBuf asked = content.slice(content.readerIndex(), Math.min(length, content.readableBytes()));
            counters.bytesRead.add(asked.readableBytes());
            replies.replyData(unique, asked);
            content.release();
            return true;
        }
        return false;
    }

    /// Of a file whose content came before it was opened.
    private boolean read(FuseRequest request, long offset, int length) {
        Bytes content = ahead.read(request.node(), offset, length);
        if (content == null) return false;
        int from = (int) Math.min(offset, content.length());
        int count = Math.min(length, content.length() - from);
        ByteBuf asked = ByteBufAllocator.DEFAULT.directBuffer(Math.max(1, count));
        asked.writeBytes(content.array(), from, count);
        counters.bytesRead.add(count);
        replies.replyData(request.unique(), asked);
        asked.release();
        return true;
    }
}
