package drover.protocol.link;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Compresses frames of all links of a node, each by itself, on one thread that ends when it is not needed: neither the
/// senders nor the event loops wait for it. Knows how fast it is. Thread rule: any thread.
final class Compressor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Compressor.class);
    /// The fastest that still has its full entropy coding (ADR 13).
    private static final int LEVEL = 1;
    /// Content that may wait here; more is sent as it is. A slow link alone has no more on its way.
    private static final long QUEUE_BYTES = 8 << 20;
    /// After so long without work the thread ends, and with it its 2 MB.
    private static final long IDLE_SECONDS = 30;
    /// Until it was measured, and when the measurement is old.
    private static final CompressionChoice.Cost FIRST_COST = CompressionChoice.Cost.ofBytesPerSecond(300e6, 300e6);

    private static final long BELIEVED_NANOS = 5_000_000_000L;
    private static final double WEIGHT = 1.0 / 8;

    /// What the thread holds: the window and tables of Zstandard, and room for the longest result.
    private static final class Workspace implements AutoCloseable {
        final ZstdCompressCtx context = new ZstdCompressCtx().setLevel(LEVEL);
        final ByteBuffer room = ByteBuffer.allocateDirect((int) Zstd.compressBound(LinkClass.BULK.frameLimitBytes()));
        final ThreadMXBean times = ManagementFactory.getThreadMXBean();
        boolean used;

        @Override
        public void close() {
            context.close();
        }
    }

    private static final ThreadLocal<Workspace> WORKSPACES = new ThreadLocal<>();

    private final ThreadPoolExecutor thread;
    private final AtomicLong waitingBytes = new AtomicLong();
    private final LongAdder frames = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder compressedBytes = new LongAdder();
    private volatile DoubleSupplier cpuDemand = () -> 0;
    private volatile CompressionChoice.Cost cost = FIRST_COST;
    private volatile long lastDoneNanos = System.nanoTime() - BELIEVED_NANOS;

    Compressor() {
        thread = new ThreadPoolExecutor(
                1,
                1,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                task -> Thread.ofPlatform().name("link-compressor").daemon().unstarted(() -> withWorkspace(task)));
        thread.allowCoreThreadTimeOut(true);
    }

    /// Says who knows how many tasks want each processor.
    void cpuDemand(DoubleSupplier demand) {
        cpuDemand = demand;
    }

    double cpuDemand() {
        return cpuDemand.getAsDouble();
    }

    /// As lately measured.
    CompressionChoice.Cost cost() {
        return System.nanoTime() - lastDoneNanos < BELIEVED_NANOS ? cost : FIRST_COST;
    }

    /// What was sent compressed: frames, their content, and what went over the links instead.
    CompressionCounters counters() {
        return new CompressionCounters(frames.sum(), bytes.sum(), compressedBytes.sum());
    }

    /// Compresses the frame, which stays the caller's and must not change meanwhile.
    ///
    /// @param learns is told what came of it
    /// @param then gets the bytes, or null if they are not worth it; on this compressor's thread
    /// @return false if too much waits already: then nothing happens
    boolean submit(ByteBuf frame, ByteBufAllocator allocator, Compressibility learns, Consumer<ByteBuf> then) {
        int length = frame.readableBytes();
        if (waitingBytes.addAndGet(length) > QUEUE_BYTES) {
            waitingBytes.addAndGet(-length);
            return false;
        }
        long submitted = System.nanoTime();
        try {
            thread.execute(() -> {
                ByteBuf compressed = null;
                try {
                    compressed = compress(frame, allocator, learns, submitted);
                } catch (RuntimeException | Error e) {
                    LOG.error("a frame cannot be compressed, and is sent as it is", e);
                }
                waitingBytes.addAndGet(-length);
                then.accept(compressed);
            });
        } catch (RejectedExecutionException e) {
            waitingBytes.addAndGet(-length);
            return false;
        }
        return true;
    }

    private void withWorkspace(Runnable worker) {
        try {
            worker.run();
        } finally {
            Workspace used = WORKSPACES.get();
            if (used != null) used.close();
        }
    }

    private Workspace workspace() {
        Workspace workspace = WORKSPACES.get();
        if (workspace == null) {
            workspace = new Workspace();
            WORKSPACES.set(workspace);
        }
        return workspace;
    }

    private ByteBuf compress(ByteBuf frame, ByteBufAllocator allocator, Compressibility learns, long submitted) {
        Workspace workspace = workspace();
        long processorBegun = workspace.times.getCurrentThreadCpuTime();
        int length = frame.readableBytes();
        int got;
        if (frame.isDirect() && frame.nioBufferCount() == 1) {
            got = compress(workspace, frame.nioBuffer(), length);
        } else {
            ByteBuf copy = allocator.directBuffer(length, length);
            try {
                got = compress(
                        workspace,
                        copy.writeBytes(frame, frame.readerIndex(), length).nioBuffer(),
                        length);
            } finally {
                copy.release();
            }
        }
        measured(workspace, length, submitted, workspace.times.getCurrentThreadCpuTime() - processorBegun);
        if (!learns.tried(length, got)) return null;
        frames.increment();
        bytes.add(length);
        compressedBytes.add(got);
        return allocator.directBuffer(got).writeBytes(workspace.room.slice(0, got));
    }

    private static int compress(Workspace workspace, ByteBuffer content, int length) {
        ByteBuffer room = workspace.room;
        return workspace.context.compressDirectByteBuffer(
                room, 0, room.capacity(), content, content.position(), length);
    }

    /// The first frame of a thread also pays for its tables.
    private void measured(Workspace workspace, int length, long submitted, long processorNanos) {
        long now = System.nanoTime();
        boolean known = now - lastDoneNanos < BELIEVED_NANOS;
        long begun = known && lastDoneNanos - submitted > 0 ? lastDoneNanos : submitted;
        double clock = (now - begun) / 1e9 / length;
        double processor = processorNanos / 1e9 / length;
        CompressionChoice.Cost before = cost;
        if (workspace.used)
            cost = !known
                    ? new CompressionChoice.Cost(clock, processor)
                    : new CompressionChoice.Cost(
                            before.clock() + (clock - before.clock()) * WEIGHT,
                            before.processor() + (processor - before.processor()) * WEIGHT);
        workspace.used = true;
        lastDoneNanos = now;
    }

    /// Frames that still wait are done, for links that take them no more.
    @Override
    public void close() {
        thread.shutdown();
    }
}
