package drover.homefs.mount;

import drover.linux.fuse.FuseDevice;
import drover.linux.fuse.FuseOpcode;
import drover.linux.fuse.FuseRequest;
import drover.linux.syscall.Errno;
import drover.model.GuestKey;
import drover.protocol.file.Bytes;
import drover.protocol.file.FileOperation;
import drover.protocol.file.LockRange;
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
    private final QuietCloses closes = new QuietCloses();
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
            long handle = locals.mayOpen(open) ? locals.open(open, guest.get()) : 0;
            if (handle == 0) return false;
            ByteBuffer out = FuseDevice.smallReply();
            boolean[] first = {false};
            boolean kept = node.openedHere(size -> first[0] = store(node.id, size));
            if (!kept || first[0]) walks.of(node.parent()).opened();
            KernelReply.openedHere(out, handle, kept, closes.opens(guest.get(), node));
            if (device.reply(unique, out) < 0) locals.released(open.node(), handle, 0);
            counters.answeredHere.increment();
            return true;
        } finally {
            answering.unlock();
        }
    }

    /// Gives the kernel content that came ahead, so that it need not ask for it.
    private boolean store(long node, long size) {
        Bytes content = ahead.content(node);
        if (content == null || content.length() != size || size > FuseDevice.MOST_STORED_BYTES) return false;
        if (size > 0 && device.store(node, content.array()) < 0) return false;
        ahead.given(node);
        counters.bytesRead.add(size);
        return true;
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

    /// Somebody takes a lock of fcntl(2).
    private void locks(FuseRequest request) {
        KnownNode node = nodes.get(request.node());
        if (node != null) node.locked();
        callers.guestOf(request.pid()).ifPresent(closes::locks);
    }

    /// By one descriptor of a guest that is held. Answers with a lock if more are to come.
    private boolean asked(FuseRequest request, FileOperation.TestLock question) {
        GuestKey guest = callers.guestOf(request.pid()).orElse(null);
        boolean goOn = guest != null && handles.asked(guest, request.node(), question);
        ByteBuffer out = FuseDevice.smallReply();
        KernelReply.lock(out, new LockRange(goOn ? LockRange.READ : LockRange.NONE, 0, 0, 0));
        device.reply(request.unique(), out);
        return true;
    }

    private boolean tryTo(FuseRequest request, FileOperation operation) {
        long unique = request.unique();
        if (operation instanceof FileOperation.SetLock lock && !lock.flock()) locks(request);
        if (operation instanceof FileOperation.TestLock question && callers.isHelper(request.pid()))
            return asked(request, question);
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
