package drover.protocol.local;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Reads a payload's fields in order. A field that does not fit is a [MalformedFrameException], never another
/// exception.
public final class FieldReader {
    private final ByteBuffer in;

    public FieldReader(ByteBuffer payload) {
        this.in = payload.slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    public int u8() throws MalformedFrameException {
        need(1);
        return Byte.toUnsignedInt(in.get());
    }

    public int u16() throws MalformedFrameException {
        need(2);
        return Short.toUnsignedInt(in.getShort());
    }

    public int i32() throws MalformedFrameException {
        need(4);
        return in.getInt();
    }

    public long u32() throws MalformedFrameException {
        return Integer.toUnsignedLong(i32());
    }

    /// An unsigned 64-bit number; beyond 2^63 it comes out negative.
    public long u64() throws MalformedFrameException {
        need(8);
        return in.getLong();
    }

    /// The next `count` bytes as they are.
    public byte[] bytes(int count) throws MalformedFrameException {
        need(count);
        byte[] out = new byte[count];
        in.get(out);
        return out;
    }

    /// A str (u32 length and bytes) as it is.
    public byte[] strBytes() throws MalformedFrameException {
        long length = u32();
        if (length > in.remaining())
            throw new MalformedFrameException("a str says " + length + " bytes, the frame has " + in.remaining());
        return bytes((int) length);
    }

    /// A str read as UTF-8; bytes that are none become U+FFFD. For text only, never for paths.
    public String str() throws MalformedFrameException {
        return new String(strBytes(), StandardCharsets.UTF_8);
    }

    /// All that is left.
    public byte[] rest() {
        byte[] out = new byte[in.remaining()];
        in.get(out);
        return out;
    }

    public int remaining() {
        return in.remaining();
    }

    private void need(int count) throws MalformedFrameException {
        if (count < 0 || in.remaining() < count)
            throw new MalformedFrameException("a field needs " + count + " bytes, the frame has " + in.remaining());
    }
}
