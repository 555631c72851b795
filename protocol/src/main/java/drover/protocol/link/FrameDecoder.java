package drover.protocol.link;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.CorruptedFrameException;

/// Cuts the stream into frames: a little-endian u32 length, then that many bytes. A length beyond the limit is
/// refused before anything of the frame is held.
///
/// What TLS decrypts comes in pieces of at most some records. A frame that lies in one of them is not copied; a
/// longer one is copied once, into a buffer of its length. (Netty's own decoders gather pieces in a buffer that
/// they double, which copies each byte of a frame of 256 KiB three times.)
///
/// Thread rule: the channel's event loop.
final class FrameDecoder extends ChannelInboundHandlerAdapter {
    static final int LENGTH_BYTES = 4;
    private int limitBytes;

    private int lengthBytesRead;
    /// As far as it was read.
    private long length;
    /// What there is of a frame that comes in several pieces; null between such.
    private ByteBuf begun;

    private boolean corrupted;

    FrameDecoder(int limitBytes) {
        this.limitBytes = limitBytes;
    }

    /// Event loop only: what the class allows, once the peer is known.
    void limit(int bytes) {
        limitBytes = bytes;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        var in = (ByteBuf) message;
        try {
            while (in.isReadable() && !corrupted) {
                ByteBuf frame = next(context, in);
                if (frame != null) context.fireChannelRead(frame);
            }
        } finally {
            in.release();
        }
    }

    /// Null when the piece ends before the frame does.
    private ByteBuf next(ChannelHandlerContext context, ByteBuf in) {
        if (begun == null) {
            while (lengthBytesRead < LENGTH_BYTES && in.isReadable())
                length |= (long) in.readUnsignedByte() << (8 * lengthBytesRead++);
            if (lengthBytesRead < LENGTH_BYTES) return null;
            checkLength();
            if (in.readableBytes() >= length) {
                ByteBuf frame = in.readRetainedSlice((int) length);
                nextBegins();
                return frame;
            }
            begun = context.alloc().directBuffer((int) length);
        }
        int missing = (int) length - begun.readableBytes();
        begun.writeBytes(in, Math.min(missing, in.readableBytes()));
        if (begun.readableBytes() < length) return null;
        ByteBuf frame = begun;
        nextBegins();
        return frame;
    }

    private void checkLength() {
        if (length > 0 && length <= limitBytes) return;
        corrupted = true;
        throw new CorruptedFrameException("a frame of " + length + " bytes, allowed are 1 to " + limitBytes + " here");
    }

    private void nextBegins() {
        begun = null;
        length = 0;
        lengthBytesRead = 0;
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        corrupted = true; // nothing more is passed on
        if (begun != null) begun.release();
        nextBegins();
    }
}
