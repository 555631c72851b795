package drover.protocol.local;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class LocalFrameTest {
    private static LocalFrameReader reading(byte[] bytes) {
        return new LocalFrameReader(Channels.newChannel(new ByteArrayInputStream(bytes)));
    }

    @Test
    void aFrameLooksOnTheSocketAsTheProtocolSays() {
        LocalFrame frame = new FieldWriter().u8(7).u32(0x01020304L).str("ab").toFrame(DaemonSocket.COMMAND);
        ByteBuffer bytes = frame.encoded();
        byte[] got = new byte[bytes.remaining()];
        bytes.get(got);
        assertArrayEquals(new byte[] {12, 0, 0, 0, 20, 7, 4, 3, 2, 1, 2, 0, 0, 0, 'a', 'b'}, got);
    }

    @Test
    void framesOfAnySizeComeBackInOrderHoweverTheyAreCut() throws IOException {
        Random random = new Random(1);
        int[] sizes = {0, 1, 8 * 1024 - 5, 8 * 1024, 70_000, 3, LocalFrame.MAX_BYTES - 1, 0, 200_000};
        ByteArrayOutputStream socket = new ByteArrayOutputStream();
        LocalFrameWriter writer = new LocalFrameWriter(Channels.newChannel(socket));
        byte[][] sent = new byte[sizes.length][];
        for (int i = 0; i < sizes.length; i++) {
            sent[i] = new byte[sizes[i]];
            random.nextBytes(sent[i]);
            writer.write(new LocalFrame(i, sent[i]));
        }
        ReadableByteChannel whole = Channels.newChannel(new ByteArrayInputStream(socket.toByteArray()));
        LocalFrameReader reader = new LocalFrameReader(new ReadableByteChannel() {
            @Override
            public int read(ByteBuffer to) throws IOException {
                int limit = to.limit();
                to.limit(Math.min(limit, to.position() + 1 + random.nextInt(40_000)));
                int got = whole.read(to);
                to.limit(limit);
                return got;
            }

            @Override
            public boolean isOpen() {
                return true;
            }

            @Override
            public void close() {}
        });
        for (int i = 0; i < sizes.length; i++) {
            LocalFrame frame = reader.read().orElseThrow();
            assertEquals(i, frame.type());
            assertArrayEquals(sent[i], frame.fields().rest());
        }
        assertTrue(reader.read().isEmpty());
    }

    @Test
    void fieldsComeBackAsWritten() throws IOException {
        byte[] notUtf8 = {(byte) 0xff, 0, (byte) 0xfe};
        FieldReader in = new FieldWriter()
                .u8(255)
                .u16(65535)
                .u32(0xffff_ffffL)
                .i32(-5)
                .u64(-1)
                .str("grüße")
                .str(notUtf8)
                .bytes(new byte[] {1, 2})
                .toFrame(1)
                .fields();
        assertEquals(255, in.u8());
        assertEquals(65535, in.u16());
        assertEquals(0xffff_ffffL, in.u32());
        assertEquals(-5, in.i32());
        assertEquals(-1, in.u64());
        assertEquals("grüße", in.str());
        assertArrayEquals(notUtf8, in.strBytes());
        assertArrayEquals(new byte[] {1, 2}, in.rest());
        assertEquals(0, in.remaining());
    }

    @Test
    void aLengthBeyondTheLimitOrZeroIsRefused() {
        assertThrows(
                MalformedFrameException.class,
                () -> reading(new byte[] {0, 0, 0, 0}).read());
        assertThrows(
                MalformedFrameException.class,
                () -> reading(new byte[] {1, 0, 64, 0, 9}).read());
        assertThrows(
                MalformedFrameException.class,
                () -> reading(new byte[] {-1, -1, -1, -1, 9}).read());
    }

    @Test
    void aFrameCutShortIsNotTakenForAnEnd() {
        byte[] whole = new FieldWriter().str("hello").toFrame(3).encoded().array();
        for (int cut = 1; cut < whole.length; cut++) {
            byte[] part = Arrays.copyOf(whole, cut);
            assertThrows(EOFException.class, () -> reading(part).read(), "cut after " + cut);
        }
    }

    @Test
    void aStrLongerThanItsFrameIsMalformed() {
        FieldReader in = new FieldReader(ByteBuffer.wrap(new byte[] {-1, -1, -1, -1, 'x'}));
        assertThrows(MalformedFrameException.class, in::strBytes);
    }

    @Test
    void randomBytesGiveFramesOrTheCodecsOwnExceptions() {
        Random random = new Random(7);
        for (int round = 0; round < 2_000; round++) {
            byte[] noise = new byte[random.nextInt(64)];
            random.nextBytes(noise);
            if (noise.length > 3) {
                noise[2] = 0;
                noise[3] = 0;
                noise[1] = 0;
            }
            try {
                LocalFrameReader reader = reading(noise);
                var frame = reader.read();
                while (frame.isPresent()) {
                    FieldReader in = frame.get().fields();
                    in.str();
                    in.u64();
                    frame = reader.read();
                }
            } catch (MalformedFrameException | EOFException expected) {
                // the two ways a stream may be wrong
            } catch (IOException | RuntimeException other) {
                throw new AssertionError("seed 7, round " + round, other);
            }
        }
    }

    @Test
    void aFrameThatCannotBeSentIsRefusedWhereItIsMade() {
        assertThrows(IllegalArgumentException.class, () -> new LocalFrame(256));
        assertThrows(IllegalArgumentException.class, () -> new LocalFrame(1, new byte[LocalFrame.MAX_BYTES]));
        assertThrows(IllegalArgumentException.class, () -> new FieldWriter().u8(256));
    }
}
