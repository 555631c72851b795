package drover.protocol.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.CorruptedFrameException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FrameDecoderTest {
    private static final int LIMIT = 100;

    private final EmbeddedChannel channel = new EmbeddedChannel(new FrameDecoder(LIMIT));

    private static ByteBuf stream(int... lengths) {
        ByteBuf all = Unpooled.buffer();
        for (int length : lengths) {
            all.writeIntLE(length);
            for (int i = 0; i < length; i++) all.writeByte(length + i);
        }
        return all;
    }

    /// The lengths of the frames that came out, whose content is right.
    private List<Integer> frames() {
        List<Integer> lengths = new ArrayList<>();
        for (ByteBuf frame = channel.readInbound(); frame != null; frame = channel.readInbound()) {
            for (int i = 0; i < frame.readableBytes(); i++)
                assertEquals((byte) (frame.readableBytes() + i), frame.getByte(i));
            lengths.add(frame.readableBytes());
            frame.release();
        }
        return lengths;
    }

    @Test
    void framesAreTheSameHoweverTheStreamIsCut() {
        for (int piece = 1; piece < 120; piece++) {
            ByteBuf all = stream(1, 100, 3, 77, 100, 1, 1);
            List<ByteBuf> pieces = new ArrayList<>();
            while (all.isReadable())
                pieces.add(Unpooled.copiedBuffer(all.readSlice(Math.min(piece, all.readableBytes()))));
            for (ByteBuf each : pieces) channel.writeInbound(each);
            assertEquals(List.of(1, 100, 3, 77, 100, 1, 1), frames(), "in pieces of " + piece);
            for (ByteBuf each : pieces) assertEquals(0, each.refCnt(), "somebody still holds a piece of " + piece);
        }
    }

    @Test
    void aPieceIsReleasedWithTheFramesThatLieInIt() {
        ByteBuf piece = stream(5, 6);
        channel.writeInbound(piece);
        ByteBuf first = channel.readInbound();
        ByteBuf second = channel.readInbound();
        first.release();
        assertEquals(1, piece.refCnt());
        second.release();
        assertEquals(0, piece.refCnt());
    }

    @Test
    void aLengthBeyondTheLimitIsRefusedBeforeTheFrameIsHeld() {
        for (int length : new int[] {0, LIMIT + 1, -1}) {
            var fresh = new EmbeddedChannel(new FrameDecoder(LIMIT));
            ByteBuf head = Unpooled.buffer().writeIntLE(length).writeByte(1);
            var refused = assertThrows(CorruptedFrameException.class, () -> fresh.writeInbound(head));
            assertEquals(
                    "a frame of " + (length & 0xffff_ffffL) + " bytes, allowed are 1 to 100 here",
                    refused.getMessage());
            assertEquals(0, head.refCnt());
            fresh.writeInbound(stream(1));
            ByteBuf behind = fresh.readInbound();
            assertNull(behind, "what comes after garbage is garbage");
        }
    }

    @Test
    void aHigherLimitHoldsFromTheNextFrameOn() {
        var decoder = new FrameDecoder(10);
        var raised = new EmbeddedChannel(decoder, new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                decoder.limit(LIMIT);
                context.fireChannelRead(message);
            }
        });
        raised.writeInbound(stream(10, 100));
        for (int expected : new int[] {10, 100}) {
            ByteBuf frame = raised.readInbound();
            assertEquals(expected, frame.readableBytes());
            frame.release();
        }
    }

    @Test
    void halfAFrameIsDroppedWithTheConnection() {
        ByteBuf half = stream(50).writerIndex(20);
        channel.writeInbound(half);
        channel.finishAndReleaseAll();
        assertEquals(0, half.refCnt());
        assertEquals(List.of(), frames());
    }
}
