package drover.homefs.mount;

import drover.model.NodeId;
import drover.protocol.file.FileReply;
import drover.protocol.file.FileResult;
import drover.protocol.file.MalformedFileFrame;
import drover.protocol.file.RecallCodec;
import drover.protocol.file.ReplyCodec;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.locks.Lock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What home sends: answers, which go to whoever waits for them, and recalls. Any thread.
final class HomeFrames {
    private static final Logger log = LoggerFactory.getLogger(HomeFrames.class);

    private final NodeId home;
    private final Conversation conversation;
    private final Recaller recaller;
    private final Grants grants;
    private final ReplyTranslator replies;
    private final GuestCalls calls;
    private final AheadCalls ahead;
    private final ReplyTranslator.Undo back;

    HomeFrames(
            NodeId home,
            Conversation conversation,
            Recaller recaller,
            Grants grants,
            ReplyTranslator replies,
            GuestCalls calls,
            AheadCalls ahead,
            ReplyTranslator.Undo back) {
        this.home = home;
        this.conversation = conversation;
        this.recaller = recaller;
        this.grants = grants;
        this.replies = replies;
        this.calls = calls;
        this.ahead = ahead;
        this.back = back;
    }

    /// A frame of home's. The caller keeps and releases it.
    void take(ByteBuf frame) {
        FileReply reply;
        try {
            if (RecallCodec.isRecall(frame)) {
                recaller.recall(RecallCodec.decode(frame));
                return;
            }
            reply = ReplyCodec.decode(frame);
        } catch (MalformedFileFrame e) {
            log.warn("{} sent a malformed file reply: {}", home, e.getMessage());
            return;
        }
        PendingCall call = conversation.take(reply.id());
        try {
            if (call == null) nobodyWaits(reply);
            else if (call.then != null) call.then.accept(reply);
            else {
                answer(call, reply);
                calls.finished(call);
            }
        } finally {
            if (reply instanceof FileReply.Done(long _, FileResult.Data(ByteBuf data))) data.release();
        }
    }

    private void answer(PendingCall call, FileReply reply) {
        Lock answering = grants.answering();
        answering.lock();
        try {
            ahead.changing(call.operation, call.node);
            replies.answer(call, reply);
        } finally {
            answering.unlock();
        }
    }

    /// The caller was killed meanwhile: what home gave is given back.
    private void nobodyWaits(FileReply reply) {
        if (!(reply instanceof FileReply.Done(long _, FileResult result))) return;
        if (result instanceof FileResult.Entry entry) back.forget(entry.node(), 1);
        else if (result instanceof FileResult.Created(FileResult.Entry entry, long handle, boolean _)) {
            back.release(handle);
            back.forget(entry.node(), 1);
        } else if (result instanceof FileResult.Opened opened) {
            back.release(opened.handle());
            opened.prefetched().release();
        }
    }
}
