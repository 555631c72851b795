package drover.protocol.link;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/// What waits to be sent on one link. Any thread adds; the event loop writes. A lone frame is flushed at once;
/// frames that queued up meanwhile, or that answer frames of one read, share one flush and so one TLS record.
final class Outbox {
    private final ChannelHandlerContext context;
    private final int highWaterBytes;
    private final int queueLimitBytes;
    private final Runnable writableAgain;
    private final Queue<ByteBuf> frames = new ConcurrentLinkedQueue<>();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicBoolean drainDue = new AtomicBoolean();
    private final AtomicBoolean wasFull = new AtomicBoolean();
    private volatile boolean closed;
    private boolean reading; // event loop only
    private boolean flushDue; // event loop only

    Outbox(ChannelHandlerContext context, LinkConfig config, Runnable writableAgain) {
        this.context = context;
        this.highWaterBytes = config.highWaterBytes();
        this.queueLimitBytes = config.queueLimitBytes();
        this.writableAgain = writableAgain;
    }

    /// Sends the frame as soon as may be.
    ///
    /// @return false when the limit of the queue is exceeded: the link must be given up
    boolean add(ByteBuf frame) {
        if (closed) {
            frame.release();
            return true;
        }
        long waiting = waitingBytes.addAndGet(frame.readableBytes());
        frames.add(frame);
        if (drainDue.compareAndSet(false, true)) {
            if (context.executor().inEventLoop()) {
                drain();
            } else {
                try {
                    context.executor().execute(this::drain);
                } catch (RejectedExecutionException e) {
                    releaseAll(); // the hub is closed
                }
            }
        }
        return waiting <= queueLimitBytes;
    }

    boolean isWritable() {
        if (waitingBytes.get() <= highWaterBytes) return true;
        wasFull.set(true);
        // the last byte may have left between the two lines: then nobody would tell
        return waitingBytes.get() <= highWaterBytes;
    }

    void readBegins() {
        reading = true;
    }

    void readEnds() {
        reading = false;
        if (flushDue) {
            flushDue = false;
            context.flush();
        }
    }

    /// Event loop only.
    void close() {
        closed = true;
        releaseAll();
    }

    private void drain() {
        drainDue.set(false);
        ByteBuf frame;
        boolean any = false;
        while ((frame = frames.poll()) != null) {
            any = true;
            write(frame);
        }
        if (!any) return;
        if (reading) flushDue = true;
        else context.flush();
    }

    private void write(ByteBuf frame) {
        int length = frame.readableBytes();
        ByteBuf head = context.alloc().directBuffer(FrameDecoder.LENGTH_BYTES);
        head.writeIntLE(length);
        var _ = context.write(head, context.voidPromise());
        var _ = context.write(frame).addListener(_ -> left(length));
    }

    private void left(int length) {
        long waiting = waitingBytes.addAndGet(-length);
        if (waiting <= highWaterBytes / 2 && wasFull.compareAndSet(true, false) && !closed) writableAgain.run();
    }

    private void releaseAll() {
        ByteBuf frame;
        while ((frame = frames.poll()) != null) {
            waitingBytes.addAndGet(-frame.readableBytes());
            frame.release();
        }
    }
}
