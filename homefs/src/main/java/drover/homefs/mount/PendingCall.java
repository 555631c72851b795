package drover.homefs.mount;

import drover.protocol.file.FileOperation;
import drover.protocol.file.FileReply;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;
import java.util.function.Consumer;

/// A call that waits for home's answer: what the kernel asked, and the frame, to send it again if the link
/// breaks.
final class PendingCall {
    /// Ids of calls that no request of the kernel caused.
    static final long INTERNAL = 1L << 62;

    final long id;
    /// The kernel's name of its request; 0 for an internal call.
    final long unique;
    final int opcode;
    /// The header's node.
    final long node;
    /// The calling thread.
    final int pid;
    /// How much the kernel has room for, where it says so.
    final int size;
    /// A write's data in it is not valid any more.
    final FileOperation operation;
    /// [Grants#generation()] when the call was made.
    final long generation;
    /// For an internal call: what to do with the answer.
    final Consumer<FileReply> then;

    private ByteBuf frame;
    private LinkClass linkClass;
    private long sentOnLink;
    private boolean done;

    PendingCall(
            long id,
            long unique,
            int opcode,
            long node,
            int pid,
            int size,
            FileOperation operation,
            long generation,
            Consumer<FileReply> then) {
        this.id = id;
        this.unique = unique;
        this.opcode = opcode;
        this.node = node;
        this.pid = pid;
        this.size = size;
        this.operation = operation;
        this.generation = generation;
        this.then = then;
    }

    /// Takes the frame over.
    synchronized void carry(ByteBuf frame, LinkClass linkClass) {
        this.frame = frame;
        this.linkClass = linkClass;
    }

    /// Sends the frame over the link of that number, unless it was sent over it before. Returns whether it
    /// was an again.
    synchronized boolean send(FrameSender sender, long link) {
        if (done || frame == null || sentOnLink == link) return false;
        boolean again = sentOnLink != 0;
        if (sender.send(linkClass, frame.retainedDuplicate())) sentOnLink = link;
        return again;
    }

    synchronized void done() {
        if (done) return;
        done = true;
        if (frame != null) frame.release();
        frame = null;
    }

    boolean waitsForLock() {
        return operation instanceof FileOperation.SetLock lock && lock.waits();
    }
}
