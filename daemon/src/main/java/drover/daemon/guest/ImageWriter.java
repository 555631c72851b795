package drover.daemon.guest;

import drover.daemon.links.ImageLinks;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.Wire;
import drover.protocol.image.ImageFrame;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// Writes down one image on the target, as it arrives, on a thread of its own.
final class ImageWriter implements AutoCloseable {
    /// More than an honest source has under way.
    private static final long WAITING_MAX_BYTES = 16 << 20;

    private final ImageLinks links;
    private final NodeId source;
    private final GuestKey guest;
    private final ImageDirectory directory;
    private final BiConsumer<Boolean, byte[]> complete;
    private final Consumer<String> failed;
    private final AtomicLong waiting = new AtomicLong();
    private final ExecutorService thread;
    private String open = "";
    private FileChannel channel;
    private long written;

    /// @param complete hears when all is written whether its memory follows, and the handoff
    /// @param failed hears why it cannot be
    ImageWriter(
            ImageLinks links,
            NodeId source,
            GuestKey guest,
            ImageDirectory directory,
            BiConsumer<Boolean, byte[]> complete,
            Consumer<String> failed) {
        this.links = links;
        this.source = source;
        this.guest = guest;
        this.directory = directory;
        this.complete = complete;
        this.failed = failed;
        thread = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("image of " + guest).daemon().factory());
    }

    /// Any thread; does not block.
    void take(ImageFrame frame) {
        switch (frame) {
            case ImageFrame.Part part -> {
                ByteBuf bytes = Wire.heapCopy(part.bytes());
                if (waiting.addAndGet(bytes.readableBytes()) > WAITING_MAX_BYTES)
                    failed.accept(source + " sends more than it was told to");
                else execute(() -> write(part.file(), bytes));
            }
            case ImageFrame.End end -> {
                ByteBuf handoff = Wire.heapCopy(end.handoff());
                byte[] bytes = new byte[handoff.readableBytes()];
                handoff.readBytes(bytes);
                execute(() -> {
                    shut();
                    complete.accept(end.memoryFollows(), bytes);
                });
            }
            default -> {}
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    private void execute(Work work) {
        try {
            thread.execute(() -> {
                try {
                    work.run();
                } catch (IOException e) {
                    failed.accept("its image cannot be written: " + e.getMessage());
                }
            });
        } catch (RejectedExecutionException e) {
            // given up meanwhile: nobody wants it
        }
    }

    private void write(String file, ByteBuf bytes) throws IOException {
        int length = bytes.readableBytes();
        if (!file.equals(open)) {
            shut();
            channel = FileChannel.open(
                    directory.path().resolve(file), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            open = file;
        }
        for (var buffer = bytes.nioBuffer(); buffer.hasRemaining(); ) channel.write(buffer);
        waiting.addAndGet(-length);
        written += length;
        links.answer(source, new ImageFrame.Taken(guest, written));
    }

    private void shut() throws IOException {
        open = "";
        if (channel != null) channel.close();
    }

    @Override
    public void close() {
        thread.execute(() -> {
            try {
                shut();
            } catch (IOException e) {
                failed.accept(e.getMessage());
            }
        });
        thread.shutdown();
    }
}
