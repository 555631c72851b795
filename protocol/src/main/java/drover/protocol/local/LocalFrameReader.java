package drover.protocol.local;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;

/// Reads frames from a blocking channel. One thread at a time. Never allocates more than what has arrived plus one
/// step, so that a length field alone costs no memory.
public final class LocalFrameReader {
    private static final int STEP_BYTES = 64 * 1024;

    private final ReadableByteChannel channel;
    private final int maxBytes;
    private ByteBuffer in =
            ByteBuffer.allocate(8 * 1024).order(ByteOrder.LITTLE_ENDIAN).limit(0);

    public LocalFrameReader(ReadableByteChannel channel) {
        this(channel, LocalFrame.MAX_BYTES);
    }

    /// @param maxBytes frames whose length field exceeds this are refused, 1..[LocalFrame#MAX_BYTES]
    public LocalFrameReader(ReadableByteChannel channel, int maxBytes) {
        if (maxBytes < 1 || maxBytes > LocalFrame.MAX_BYTES)
            throw new IllegalArgumentException("maxBytes must be 1.." + LocalFrame.MAX_BYTES + ", got " + maxBytes);
        this.channel = channel;
        this.maxBytes = maxBytes;
    }

    /// The next frame, or empty when the peer closed between two frames.
    ///
    /// @throws MalformedFrameException a length of 0 or beyond the limit
    /// @throws EOFException            the peer closed inside a frame
    public Optional<LocalFrame> read() throws IOException {
        if (!fill(LocalFrame.PREFIX_BYTES)) return Optional.empty();
        long length = Integer.toUnsignedLong(in.getInt(in.position()));
        if (length < 1 || length > maxBytes)
            throw new MalformedFrameException("a frame's length must be 1.." + maxBytes + ", got " + length);
        if (!fill(LocalFrame.PREFIX_BYTES + (int) length)) throw new EOFException("closed before a frame");
        in.position(in.position() + LocalFrame.PREFIX_BYTES);
        int type = Byte.toUnsignedInt(in.get());
        byte[] payload = new byte[(int) length - 1];
        in.get(payload);
        return Optional.of(new LocalFrame(type, payload));
    }

    /// Makes `wanted` bytes available; false when the peer closed before the first of them.
    private boolean fill(int wanted) throws IOException {
        while (in.remaining() < wanted) {
            makeRoom(wanted);
            int position = in.position();
            in.position(in.limit()).limit(in.capacity());
            int got = channel.read(in);
            in.limit(in.position()).position(position);
            if (got < 0) {
                if (in.remaining() == 0) return false;
                throw new EOFException("closed inside a frame, after " + in.remaining() + " bytes of it");
            }
        }
        return true;
    }

    private void makeRoom(int wanted) {
        if (in.limit() < in.capacity()) return;
        if (in.position() > 0) {
            in.compact().flip();
            return;
        }
        int larger = Math.min(wanted, in.capacity() + Math.max(STEP_BYTES, in.capacity()));
        in = ByteBuffer.allocate(Math.max(larger, in.capacity() + 1))
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(in)
                .flip();
    }
}
