package drover.daemon.guest;

import drover.daemon.links.ImageLinks;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.image.ImageFrame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;

/// Sends one image from source to target. [#send] blocks, on a thread of its own; the others may be called from
/// any.
final class ImageSender {
    /// So long that its header costs nothing, and so short that other frames of the link find a place between.
    private static final int PART_BYTES = 256 << 10;
    /// Sent and not yet written by the target: a link of 1 Gbit/s is kept busy over 60 ms.
    private static final long WINDOW_BYTES = 8 << 20;
    /// A target that takes nothing for so long is given up: its guest waits, held.
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /// To the target.
    interface Way {
        boolean isUp();

        /// False if it is down.
        boolean send(ImageFrame frame);
    }

    private final Way way;
    private final NodeId target;
    private final GuestKey guest;
    private long sent;
    private long taken;
    private boolean stopped;

    /// @param guest as it will be on the target
    ImageSender(ImageLinks links, NodeId target, GuestKey guest) {
        this(
                new Way() {
                    @Override
                    public boolean isUp() {
                        return links.isUp(target);
                    }

                    @Override
                    public boolean send(ImageFrame frame) {
                        return links.send(target, frame);
                    }
                },
                target,
                guest);
    }

    ImageSender(Way way, NodeId target, GuestKey guest) {
        this.way = way;
        this.target = target;
        this.guest = guest;
    }

    /// Returns when the target has all of it.
    ///
    /// @throws IOException with words for the user, if it has not
    void send(ImageDirectory image, byte[] handoff) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(PART_BYTES);
        for (Path file : image.files()) {
            try (FileChannel channel = FileChannel.open(file)) {
                boolean any = false;
                while (channel.read(buffer.clear()) > 0 || !any) {
                    any = true;
                    ByteBuf bytes = Unpooled.wrappedBuffer(buffer.flip());
                    sendPart(file.getFileName().toString(), bytes);
                }
            }
        }
        awaitTaken(0);
        say(new ImageFrame.End(guest, Unpooled.wrappedBuffer(handoff)));
    }

    private void sendPart(String file, ByteBuf bytes) throws IOException {
        int length = bytes.readableBytes();
        awaitTaken(WINDOW_BYTES - length);
        synchronized (this) {
            sent += length; // first: the target may have taken it before this thread goes on
        }
        say(new ImageFrame.Part(guest, file, bytes));
    }

    private void say(ImageFrame frame) throws IOException {
        if (!way.send(frame)) throw new IOException("the link to " + target + " broke");
    }

    /// Waits until no more than that is under way.
    private synchronized void awaitTaken(long underWay) throws IOException {
        long before = taken;
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (sent - taken > underWay) {
            if (stopped) throw new IOException("it was given up");
            if (!way.isUp()) throw new IOException("the link to " + target + " broke");
            if (taken != before) {
                before = taken;
                deadline = System.nanoTime() + PATIENCE.toNanos();
            }
            long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
            if (leftMillis <= 0)
                throw new IOException(target + " takes nothing of it for " + PATIENCE.toSeconds() + " s");
            try {
                wait(Math.min(leftMillis, 500));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("this daemon stops", e);
            }
        }
    }

    /// The target has written so much, in all.
    synchronized void taken(long bytes) {
        taken = Math.max(taken, Math.min(bytes, sent));
        notifyAll();
    }

    synchronized void stop() {
        stopped = true;
        notifyAll();
    }
}
