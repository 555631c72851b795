package drover.protocol.local;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// One frame of a local socket: a type and its payload. On the socket it is u32 length of what follows, u8
/// type, payload, all integers little-endian.
///
/// @param type    0..255; [DaemonSocket] and [KeeperSocket] name them
/// @param payload read-only view; each call gives a fresh one at position 0, little-endian
public record LocalFrame(int type, ByteBuffer payload) {
    /// Bytes of the length prefix.
    public static final int PREFIX_BYTES = 4;

    /// A frame's length field may say this at most: an environment of 2 MiB (the kernel's usual limit for argv and
    /// environment together) must fit, with room to spare.
    public static final int MAX_BYTES = 4 * 1024 * 1024;

    public LocalFrame {
        if (type < 0 || type > 255) throw new IllegalArgumentException("type must be 0..255, got " + type);
        if (payload.remaining() + 1 > MAX_BYTES)
            throw new IllegalArgumentException(
                    "a frame holds at most " + (MAX_BYTES - 1) + " bytes of payload, got " + payload.remaining());
        payload = payload.slice().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    public LocalFrame(int type, byte[] payload) {
        this(type, ByteBuffer.wrap(payload));
    }

    /// A frame without payload.
    public LocalFrame(int type) {
        this(type, ByteBuffer.allocate(0));
    }

    @Override
    public ByteBuffer payload() {
        return payload.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /// Reads the payload field by field.
    public FieldReader fields() {
        return new FieldReader(payload());
    }

    /// The bytes as they go on the socket, with the length prefix.
    public ByteBuffer encoded() {
        ByteBuffer out = ByteBuffer.allocate(PREFIX_BYTES + 1 + payload.remaining())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(1 + payload.remaining())
                .put((byte) type)
                .put(payload());
        return out.flip();
    }

    @Override
    public String toString() {
        return "LocalFrame[type=" + type + ", " + payload.remaining() + " bytes]";
    }
}
