package drover.protocol.link;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/// What waits to be sent on one link. Any thread adds; the event loop writes. A lone frame is flushed at once;
/// frames that queued up meanwhile, or that answer frames of one read, share one flush and so one TLS record.
///
/// Where the peer can inflate them, frames for which it pays are compressed first, by another thread; those behind
/// them wait meanwhile, so that the order stays. These are frames of file content only, on a link so slow that they
/// would wait longer for the wire.
final class Outbox {
    /// A frame in its place. Null while it is being compressed; [#GONE] when nobody waits for it any more.
    private static final class Outgoing {
        private static final ByteBuf GONE = Unpooled.EMPTY_BUFFER;

        final AtomicReference<ByteBuf> frame = new AtomicReference<>();
        /// What it counts among the bytes that wait.
        volatile int waitingBytes;
        /// If it is compressed: of its content.
        volatile int contentBytes;

        static Outgoing of(ByteBuf frame) {
            var ready = new Outgoing(frame.readableBytes());
            ready.frame.set(frame);
            return ready;
        }

        Outgoing(int waitingBytes) {
            this.waitingBytes = waitingBytes;
        }
    }

    /// What it takes to compress; of a link's event loop, but for what is said there to be of any thread.
    private record Means(Compressor compressor, Compressibility content, LinkSpeed speed) {
        boolean payFor(ByteBuf frame) {
            double linkSpeed = speed.bytesPerSecond();
            return linkSpeed < CompressionChoice.FAST_BYTES_PER_SECOND
                    && Compressibility.looksCompressible(frame)
                    && content.tries(linkSpeed, compressor.cost(), compressor.cpuDemand());
        }
    }

    private final ChannelHandlerContext context;
    private final int highWaterBytes;
    private final int queueLimitBytes;
    private final Runnable writableAgain;
    private final Queue<Outgoing> frames = new ConcurrentLinkedQueue<>();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicBoolean drainDue = new AtomicBoolean();
    private final AtomicBoolean wasFull = new AtomicBoolean();
    private volatile boolean closed;
    private volatile Means means; // null where nothing is compressed
    private boolean reading; // event loop only
    private boolean flushDue; // event loop only

    Outbox(ChannelHandlerContext context, LinkConfig config, Runnable writableAgain) {
        this.context = context;
        this.highWaterBytes = config.highWaterBytes();
        this.queueLimitBytes = config.queueLimitBytes();
        this.writableAgain = writableAgain;
    }

    /// Event loop only: from now on, what can be made shorter may be.
    void compress(Compressor compressor) {
        means = new Means(compressor, new Compressibility(), new LinkSpeed());
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
        Means use = means;
        if (use != null && use.payFor(frame)) {
            addCompressed(frame, use);
        } else {
            frames.add(Outgoing.of(frame));
            drainSoon();
        }
        return waiting <= queueLimitBytes;
    }

    private void addCompressed(ByteBuf frame, Means use) {
        int bytes = frame.readableBytes();
        var outgoing = new Outgoing(bytes);
        frames.add(outgoing); // first, since another thread may already send the next one
        boolean submitted = use.compressor.submit(frame, context.alloc(), use.content, compressed -> {
            if (compressed == null) {
                ready(outgoing, frame);
                return;
            }
            frame.release();
            outgoing.contentBytes = bytes;
            outgoing.waitingBytes = compressed.readableBytes();
            waitingBytes.addAndGet(compressed.readableBytes() - bytes);
            ready(outgoing, compressed);
        });
        if (!submitted) ready(outgoing, frame);
    }

    private void ready(Outgoing outgoing, ByteBuf frame) {
        if (outgoing.frame.compareAndSet(null, frame)) drainSoon();
        else frame.release();
    }

    private void drainSoon() {
        if (!drainDue.compareAndSet(false, true)) return;
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
            flush();
        }
    }

    /// Event loop only.
    void close() {
        closed = true;
        releaseAll();
    }

    private void drain() {
        drainDue.set(false);
        boolean any = false;
        for (Outgoing next = frames.peek(); next != null; next = frames.peek()) {
            ByteBuf frame = next.frame.get();
            if (frame == null) break; // the compressor says when
            frames.poll();
            any = true;
            write(next, frame);
        }
        if (!any) return;
        if (reading) flushDue = true;
        else flush();
    }

    private void flush() {
        context.flush();
        look();
    }

    private void look() {
        Means use = means;
        if (use != null) use.speed.look(context.channel(), System.nanoTime());
    }

    private void write(Outgoing outgoing, ByteBuf frame) {
        int length = frame.readableBytes();
        boolean compressed = outgoing.contentBytes > 0;
        ByteBuf head = context.alloc().directBuffer(FrameDecoder.LENGTH_BYTES + FrameDecoder.SIZE_BYTES);
        if (compressed)
            head.writeIntLE(length + FrameDecoder.SIZE_BYTES | FrameDecoder.COMPRESSED)
                    .writeIntLE(outgoing.contentBytes);
        else head.writeIntLE(length);
        var _ = context.write(head, context.voidPromise());
        var _ = context.write(frame).addListener(_ -> left(outgoing.waitingBytes));
    }

    private void left(int length) {
        if (!closed) look();
        long waiting = waitingBytes.addAndGet(-length);
        if (waiting <= highWaterBytes / 2 && wasFull.compareAndSet(true, false) && !closed) writableAgain.run();
    }

    private void releaseAll() {
        Outgoing outgoing;
        while ((outgoing = frames.poll()) != null) {
            waitingBytes.addAndGet(-outgoing.waitingBytes);
            ByteBuf frame = outgoing.frame.getAndSet(Outgoing.GONE);
            if (frame != null) frame.release();
        }
    }
}
