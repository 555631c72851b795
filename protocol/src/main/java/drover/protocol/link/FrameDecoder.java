package drover.protocol.link;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.CorruptedFrameException;
import java.util.List;

/// Cuts the stream into frames: a little-endian u32 length, then that many bytes. A length beyond the limit is
/// refused before anything of the frame is held.
///
/// From [#COMPRESSED_VERSION] on, the highest bit of the length of a frame of a compressible class tells that what
/// follows is the u32 size of the content, which has the same limit, and the content as one Zstandard frame.
final class FrameDecoder extends ByteToMessageDecoder {
    static final int LENGTH_BYTES = 4;
    static final int SIZE_BYTES = 4;
    static final int COMPRESSED = 1 << 31;
    /// The first version that knows of compressed frames.
    static final int COMPRESSED_VERSION = 2;

    private int limitBytes;
    private boolean mayBeCompressed;

    FrameDecoder(int limitBytes) {
        this.limitBytes = limitBytes;
    }

    /// Event loop only: what the class allows, once the peer is known.
    void limit(int bytes) {
        limitBytes = bytes;
    }

    /// Event loop only: that the peer may compress.
    void inflate() {
        mayBeCompressed = true;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        if (in.readableBytes() < LENGTH_BYTES) return;
        long word = in.getUnsignedIntLE(in.readerIndex());
        boolean compressed = mayBeCompressed && word > 0x7fffffffL;
        long length = compressed ? word & 0x7fffffffL : word;
        if (length <= (compressed ? SIZE_BYTES : 0) || length > limitBytes)
            throw refused(in, "a frame of " + length + " bytes, allowed are 1 to " + limitBytes + " here");
        if (compressed) {
            if (in.readableBytes() < LENGTH_BYTES + SIZE_BYTES) return;
            long size = in.getUnsignedIntLE(in.readerIndex() + LENGTH_BYTES);
            if (size == 0 || size > limitBytes)
                throw refused(in, "a compressed frame of " + size + " bytes, allowed are 1 to " + limitBytes + " here");
        }
        if (in.readableBytes() < LENGTH_BYTES + length) return;
        in.skipBytes(LENGTH_BYTES);
        if (compressed) out.add(inflated(context, in, (int) length));
        else out.add(in.readRetainedSlice((int) length));
    }

    private static ByteBuf inflated(ChannelHandlerContext context, ByteBuf in, int length) {
        int size = in.readIntLE();
        int bytes = length - SIZE_BYTES;
        try {
            ByteBuf content = FrameInflater.inflate(in, bytes, size, context.alloc());
            in.skipBytes(bytes);
            return content;
        } catch (CorruptedFrameException e) {
            in.skipBytes(in.readableBytes());
            throw e;
        }
    }

    /// Nothing that follows can be understood either.
    private static CorruptedFrameException refused(ByteBuf in, String why) {
        in.skipBytes(in.readableBytes());
        return new CorruptedFrameException(why);
    }
}
