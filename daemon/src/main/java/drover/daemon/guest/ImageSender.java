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
import java.util.HashMap;
import java.util.Map;

/// Sends one image from source to target: pages of memory while CRIU still writes more of them, the rest when it is
/// complete. [#follow] and [#send] block, on a thread of its own; the others may be called from any.
final class ImageSender {
    /// So long that its header costs nothing, and so short that other frames of the link find a place between.
    private static final int PART_BYTES = 256 << 10;
    /// Sent and not yet written by the target: a link of 1 Gbit/s is kept busy over 60 ms.
    private static final long WINDOW_BYTES = 8 << 20;
    /// CRIU writes them one behind the other, and never again.
    private static final String PAGES = "pages-";

    private static final int FOLLOW_MILLIS = 5;
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
    private final Map<String, Long> sentOf = new HashMap<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(PART_BYTES);
    private long sent;
    private long taken;
    private boolean complete;
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

    /// Sends pages as they are written. Returns when the image is said to be complete.
    ///
    /// @throws IOException with words for the user, if they cannot be sent
    void follow(ImageDirectory image) throws IOException {
        while (awaitComplete())
            for (Path file : image.files()) if (file.getFileName().toString().startsWith(PAGES)) send(file, PART_BYTES);
    }

    /// Nothing of it changes any more.
    synchronized void complete() {
        complete = true;
        notifyAll();
    }

    /// Waits a moment for that. False if it is.
    private synchronized boolean awaitComplete() throws IOException {
        if (!complete && !stopped) await(FOLLOW_MILLIS);
        if (stopped) throw new IOException("it was given up");
        return !complete;
    }

    /// Returns when the target has all of it.
    ///
    /// @throws IOException with words for the user, if it has not
    void send(ImageDirectory image, boolean memoryFollows, byte[] handoff) throws IOException {
        for (Path file : image.files()) {
            send(file, 1);
            if (!sentOf.containsKey(file.getFileName().toString())) sendPart(file, Unpooled.EMPTY_BUFFER);
        }
        awaitTaken(0);
        say(new ImageFrame.End(guest, memoryFollows, Unpooled.wrappedBuffer(handoff)));
    }

    /// Sends what is there of a file and was not sent yet, in parts of so many bytes at least.
    private void send(Path file, int least) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            channel.position(sentOf.getOrDefault(file.getFileName().toString(), 0L));
            while (channel.size() - channel.position() >= least && channel.read(buffer.clear()) > 0)
                sendPart(file, Unpooled.wrappedBuffer(buffer.flip()));
        }
    }

    private void sendPart(Path path, ByteBuf bytes) throws IOException {
        String file = path.getFileName().toString();
        int length = bytes.readableBytes();
        sentOf.merge(file, (long) length, Long::sum);
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
            await(Math.min(leftMillis, 500));
        }
    }

    /// Under the lock; who calls looks again what has come of it.
    @SuppressWarnings("WaitNotInLoop")
    private void await(long millis) throws IOException {
        try {
            wait(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("this daemon stops", e);
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
