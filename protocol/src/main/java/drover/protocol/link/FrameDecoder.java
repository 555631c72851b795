package drover.protocol.link;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.CorruptedFrameException;
import java.util.List;

/// Cuts the stream into frames: a little-endian u32 length, then that many bytes. A length beyond the limit is
/// refused before anything of the frame is held.
final class FrameDecoder extends ByteToMessageDecoder {
    static final int LENGTH_BYTES = 4;
    private int limitBytes;

    FrameDecoder(int limitBytes) {
        this.limitBytes = limitBytes;
    }

    /// Event loop only: what the class allows, once the peer is known.
    void limit(int bytes) {
        limitBytes = bytes;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        if (in.readableBytes() < LENGTH_BYTES) return;
        long length = in.getUnsignedIntLE(in.readerIndex());
        if (length == 0 || length > limitBytes) {
            in.skipBytes(in.readableBytes());
            throw new CorruptedFrameException(
                    "a frame of " + length + " bytes, allowed are 1 to " + limitBytes + " here");
        }
        if (in.readableBytes() < LENGTH_BYTES + length) return;
        in.skipBytes(LENGTH_BYTES);
        out.add(in.readRetainedSlice((int) length));
    }
}
