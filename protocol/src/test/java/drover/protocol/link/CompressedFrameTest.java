package drover.protocol.link;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.CorruptedFrameException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// What a peer may say in compressed frames, and what becomes of the rest.
class CompressedFrameTest {
    private static final int LIMIT = LinkClass.BULK.frameLimitBytes();
    private final long seed = Long.getLong("drover.seed", System.nanoTime());
    private final Random random = new Random(seed);

    private static EmbeddedChannel peer() {
        var decoder = new FrameDecoder(LIMIT);
        decoder.inflate();
        return new EmbeddedChannel(decoder);
    }

    private static ByteBuf frame(long size, byte[] compressed) {
        ByteBuf frame = Unpooled.directBuffer();
        return frame.writeIntLE(compressed.length + 4 | FrameDecoder.COMPRESSED)
                .writeIntLE((int) size)
                .writeBytes(compressed);
    }

    private static byte[] heard(EmbeddedChannel peer) {
        ByteBuf content = peer.readInbound();
        if (content == null) return null;
        byte[] bytes = new byte[content.readableBytes()];
        content.readBytes(bytes);
        content.release();
        return bytes;
    }

    private static void refused(String why, ByteBuf said) {
        EmbeddedChannel peer = peer();
        var thrown = assertThrows(CorruptedFrameException.class, () -> peer.writeInbound(said));
        assertTrue(thrown.getMessage().contains(why), thrown.getMessage());
        assertNull(peer.readInbound());
        peer.finishAndReleaseAll();
    }

    @Test
    void contentOfEachKindAndSizeComesBackInPiecesToo() {
        EmbeddedChannel peer = peer();
        for (int i = 0; i < 300; i++) {
            int size = i == 0 ? 1 : i == 1 ? LIMIT : 1 + random.nextInt(1 << (1 + random.nextInt(20)));
            byte[] content = Samples.ofAnyKind(random, size);
            ByteBuf whole = frame(size, Zstd.compress(content, 1));
            // what is not shorter is not sent compressed
            if (whole.readableBytes() - 4 > LIMIT) continue;
            while (whole.isReadable())
                peer.writeInbound(whole.readRetainedSlice(
                        random.nextBoolean() ? whole.readableBytes() : 1 + random.nextInt(whole.readableBytes())));
            whole.release();
            assertArrayEquals(content, heard(peer), () -> "seed " + seed);
        }
        peer.finishAndReleaseAll();
    }

    @Test
    void plainFramesGoBetweenCompressedOnes() {
        EmbeddedChannel peer = peer();
        byte[] content = Samples.text(random, 5_000);
        peer.writeInbound(Unpooled.wrappedBuffer(
                frame(5_000, Zstd.compress(content)),
                Unpooled.buffer().writeIntLE(2).writeByte(8).writeByte(9),
                frame(5_000, Zstd.compress(content))));
        assertArrayEquals(content, heard(peer));
        assertArrayEquals(new byte[] {8, 9}, heard(peer));
        assertArrayEquals(content, heard(peer));
        peer.finishAndReleaseAll();
    }

    @Test
    void anAnnouncedSizeBeyondTheLimitIsRefusedBeforeTheFrameIsHeld() {
        for (long size : new long[] {0, LIMIT + 1, Integer.MAX_VALUE, 0xffffffffL}) {
            ByteBuf head = Unpooled.buffer().writeIntLE(1_000 | FrameDecoder.COMPRESSED);
            refused("a compressed frame of " + size + " bytes", head.writeIntLE((int) size));
        }
    }

    @Test
    void aBombIsRefusedWithTheMemoryItAnnounced() {
        byte[] bomb = Zstd.compress(new byte[64 << 20]);
        refused("cannot be read", frame(LIMIT, bomb));
        refused("cannot be read", frame(1, bomb));
    }

    @Test
    void lessThanAnnouncedIsRefused() {
        refused("holds 1000 bytes and announced 1001", frame(1_001, Zstd.compress(new byte[1_000])));
    }

    @Test
    void aFrameWithoutContentIsRefused() {
        refused("a frame of 4 bytes", frame(4, new byte[0]));
        refused("a frame of 0 bytes", Unpooled.buffer().writeIntLE(FrameDecoder.COMPRESSED));
    }

    @Test
    void aPeerThatMayNotCompressIsRefused() {
        var peer = new EmbeddedChannel(new FrameDecoder(LIMIT));
        assertThrows(
                CorruptedFrameException.class, () -> peer.writeInbound(frame(1_000, Zstd.compress(new byte[1_000]))));
        peer.finishAndReleaseAll();
    }

    @Test
    void mutatedFramesAreRefusedOrHoldWhatTheyAnnounced() {
        int taken = 0;
        int refused = 0;
        for (int i = 0; i < 8_000; i++) {
            int size = 1 + random.nextInt(3_000);
            byte[] compressed = Zstd.compress(Samples.ofAnyKind(random, size), 1);
            switch (random.nextInt(3)) {
                case 0 -> compressed = Arrays.copyOf(compressed, 1 + random.nextInt(compressed.length));
                case 1 -> compressed = Samples.random(random, 1 + random.nextInt(200));
                default -> {
                    for (int change = random.nextInt(4); change >= 0; change--)
                        compressed[random.nextInt(compressed.length)] ^= (byte) (1 << random.nextInt(8));
                }
            }
            EmbeddedChannel peer = peer();
            try {
                peer.writeInbound(frame(size, compressed));
                byte[] content = heard(peer);
                assertEquals(size, content.length, () -> "seed " + seed);
                taken++;
            } catch (CorruptedFrameException e) {
                refused++;
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            } finally {
                peer.finishAndReleaseAll();
            }
        }
        assertTrue(taken > 50 && refused > 500, "taken " + taken + ", refused " + refused + ", seed " + seed);
    }
}
