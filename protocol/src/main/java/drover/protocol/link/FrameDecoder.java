package drover.protocol.link;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.CorruptedFrameException;

/// Cuts the stream into frames: a little-endian u32 length, then that many bytes. A length beyond the limit is
/// refused before anything of the frame is held.
///
/// From [#COMPRESSED_VERSION] on, the highest bit of the length of a frame of a compressible class tells that what
/// follows is the u32 size of the content, which has the same limit, and the content as one Zstandard frame.
///
/// What TLS decrypts comes in pieces of at most some records. A frame that lies in one of them is not copied; a
/// longer one is copied once, into a buffer of its length. (Netty's own decoders gather pieces in a buffer that
/// they double, which copies each byte of a frame of 256 KiB three times.)
///
/// Thread rule: the channel's event loop.
final class FrameDecoder extends ChannelInboundHandlerAdapter {
    static final int LENGTH_BYTES = 4;
    static final int SIZE_BYTES = 4;
    static final int COMPRESSED = 1 << 31;
    /// The first version that knows of compressed frames.
    static final int COMPRESSED_VERSION = 2;

    private int limitBytes;
    private boolean mayBeCompressed;

    /// What has come of the length and, if the frame is compressed, of the size of its content.
    private long head;

    private int headBytes;
    /// What there is of a frame that comes in several pieces; null between such.
    private ByteBuf begun;

    private boolean corrupted;

    FrameDecoder(int limitBytes) {
        this.limitBytes = limitBytes;
    }

    /// Event loop only.
    void limit(int bytes) {
        limitBytes = bytes;
    }

    /// Event loop only: that the peer may compress.
    void inflate() {
        mayBeCompressed = true;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        var in = (ByteBuf) message;
        try {
            while (in.isReadable() && !corrupted) {
                ByteBuf frame = next(context, in);
                if (frame != null) context.fireChannelRead(frame);
            }
        } catch (CorruptedFrameException e) {
            corrupted = true; // nothing that follows can be understood either
            throw e;
        } finally {
            in.release();
        }
    }

    /// Null when the piece ends before the frame does.
    private ByteBuf next(ChannelHandlerContext context, ByteBuf in) {
        if (begun == null) {
            if (!readHead(in)) return null;
            if (in.readableBytes() >= bodyBytes()) return whole(context, in.readRetainedSlice(bodyBytes()));
            begun = context.alloc().directBuffer(bodyBytes());
        }
        int missing = bodyBytes() - begun.readableBytes();
        begun.writeBytes(in, Math.min(missing, in.readableBytes()));
        if (begun.readableBytes() < bodyBytes()) return null;
        ByteBuf body = begun;
        begun = null;
        return whole(context, body);
    }

    /// Whether it is all there.
    private boolean readHead(ByteBuf in) {
        while (in.isReadable() && headBytes < (isCompressed() ? LENGTH_BYTES + SIZE_BYTES : LENGTH_BYTES)) {
            head |= (long) in.readUnsignedByte() << (8 * headBytes++);
            if (headBytes == LENGTH_BYTES) checkLength();
        }
        if (headBytes < LENGTH_BYTES) return false;
        if (!isCompressed()) return true;
        if (headBytes < LENGTH_BYTES + SIZE_BYTES) return false;
        long size = head >>> 32;
        if (size == 0 || size > limitBytes)
            throw new CorruptedFrameException(
                    "a compressed frame of " + size + " bytes, allowed are 1 to " + limitBytes + " here");
        return true;
    }

    private void checkLength() {
        long length = isCompressed() ? head & Integer.MAX_VALUE : head;
        if (length <= (isCompressed() ? SIZE_BYTES : 0) || length > limitBytes)
            throw new CorruptedFrameException(
                    "a frame of " + length + " bytes, allowed are 1 to " + limitBytes + " here");
    }

    private boolean isCompressed() {
        return mayBeCompressed && headBytes >= LENGTH_BYTES && (head & Integer.toUnsignedLong(COMPRESSED)) != 0;
    }

    /// Of what follows the head.
    private int bodyBytes() {
        return (int) (head & Integer.MAX_VALUE) - (isCompressed() ? SIZE_BYTES : 0);
    }

    /// Takes the body of a frame.
    private ByteBuf whole(ChannelHandlerContext context, ByteBuf body) {
        boolean compressed = isCompressed();
        int size = (int) (head >>> 32);
        head = 0;
        headBytes = 0;
        if (!compressed) return body;
        try {
            return FrameInflater.inflate(body, size, context.alloc());
        } finally {
            body.release();
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        corrupted = true; // nothing more is passed on
        if (begun != null) begun.release();
        begun = null;
    }
}
