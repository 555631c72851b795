package drover.daemon.guest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.protocol.Wire;
import drover.protocol.image.ImageFrame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a pager asks, with a pager and a source that the test plays.
@Timeout(30)
class FollowingMemoryIT {
    private static final NodeId SOURCE = new NodeId("n2");
    private static final GuestKey GUEST = new GuestKey(new JobId(new NodeId("n1"), 5), 3);

    @TempDir
    private Path directory;

    private ServerSocketChannel listener;
    private final LinkedBlockingQueue<ImageFrame> asked = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<String> lost = new LinkedBlockingQueue<>();
    private FollowingMemory following;

    @BeforeEach
    void listen() throws IOException {
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(directory.resolve("1.sock")));
        following = patientFor(Duration.ofSeconds(60));
    }

    private FollowingMemory patientFor(Duration patience) {
        return new FollowingMemory((_, frame) -> asked.add(frame), patience, (guest, why) -> lost.add(guest + why));
    }

    @AfterEach
    void close() throws IOException {
        following.close();
        listener.close();
    }

    /// One that has greeted.
    private SocketChannel pager() throws IOException {
        following.connectAll(directory);
        SocketChannel pager = listener.accept();
        ByteBuf greeting = Unpooled.buffer().writeIntLE(0).writeByte(1);
        Wire.writeKey(greeting, GUEST);
        Wire.writeString(greeting, SOURCE.name());
        greeting.setIntLE(0, greeting.readableBytes() - 4);
        write(pager, greeting);
        return pager;
    }

    private static void write(SocketChannel pager, ByteBuf frame) throws IOException {
        for (ByteBuffer bytes = frame.nioBuffer(); bytes.hasRemaining(); ) pager.write(bytes);
    }

    private static void ask(SocketChannel pager, long address) throws IOException {
        write(
                pager,
                Unpooled.buffer()
                        .writeIntLE(17)
                        .writeByte(2)
                        .writeIntLE(9)
                        .writeLongLE(address)
                        .writeIntLE(1));
    }

    private ImageFrame nextAsked() throws InterruptedException {
        ImageFrame frame = asked.poll(10, TimeUnit.SECONDS);
        assertTrue(frame != null, "the source was asked nothing");
        return frame;
    }

    private static ImageFrame.Want want(long address) {
        return new ImageFrame.Want(GUEST, 9, address, 1);
    }

    /// A page of that character.
    private static ByteBuf page(char content) {
        return Unpooled.copiedBuffer(String.valueOf(content).repeat(LentMemory.PAGE_BYTES), UTF_8);
    }

    private void arrives(long address, ByteBuf content) {
        following.arrived(SOURCE, GUEST, 9, address, content);
    }

    /// The character of the next page.
    private static char given(SocketChannel pager) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(4 + 1 + 4 + 8 + LentMemory.PAGE_BYTES);
        while (frame.hasRemaining()) if (pager.read(frame) < 0) throw new IOException("the daemon hung up");
        return (char) frame.get(frame.capacity() - 1);
    }

    @Test
    void theSourceIsAskedAndItsAnswersArePassedOnInOrder() throws Exception {
        try (SocketChannel pager = pager()) {
            ask(pager, 0x1000);
            ask(pager, 0x2000);
            assertEquals(want(0x1000), nextAsked());
            assertEquals(want(0x2000), nextAsked());
            arrives(0x2000, page('x')); // not its turn
            following.arrived(new NodeId("n9"), GUEST, 9, 0x1000, page('x')); // not the source
            arrives(0x1000, Unpooled.EMPTY_BUFFER);
            arrives(0x1000, Unpooled.wrappedBuffer(page('x'), page('x'))); // more than was asked for
            arrives(0x1000, page('1'));
            arrives(0x1000, page('x')); // it was asked for twice
            arrives(0x2000, page('2'));
            assertEquals('1', given(pager));
            assertEquals('2', given(pager));
        }
    }

    @Test
    void whatIsNotAnsweredIsAskedAgain() throws Exception {
        try (SocketChannel pager = pager()) {
            ask(pager, 0x1000);
            assertEquals(want(0x1000), nextAsked());
            assertEquals(want(0x1000), nextAsked());
            assertTrue(following.isAwaited(GUEST));
            following.end(GUEST);
            while (!(nextAsked() instanceof ImageFrame.Whole)) {}
            assertFalse(following.isAwaited(GUEST));
        }
    }

    @Test
    void aGuestWhoseSourceHasNothingOrIsSilentIsLost() throws Exception {
        try (SocketChannel pager = pager()) {
            ask(pager, 0x1000);
            nextAsked();
            following.gone(new NodeId("n9"), GUEST);
            following.gone(SOURCE, GUEST);
            assertTrue(lost.poll(10, TimeUnit.SECONDS).contains("does not have it any more"));
        }
        following.close();
        following = patientFor(Duration.ofMillis(100));
        try (SocketChannel pager = pager()) {
            ask(pager, 0x1000);
            assertTrue(lost.poll(10, TimeUnit.SECONDS).contains("has not answered"));
        }
    }
}
