package drover.protocol.local;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// Builds a payload field by field. One thread.
public final class FieldWriter {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    public FieldWriter() {}

    public FieldWriter u8(int value) {
        if (value < 0 || value > 0xff) throw new IllegalArgumentException("u8 out of range: " + value);
        out.write(value);
        return this;
    }

    public FieldWriter u16(int value) {
        if (value < 0 || value > 0xffff) throw new IllegalArgumentException("u16 out of range: " + value);
        return littleEndian(value, 2);
    }

    public FieldWriter u32(long value) {
        if (value < 0 || value > 0xffff_ffffL) throw new IllegalArgumentException("u32 out of range: " + value);
        return littleEndian(value, 4);
    }

    public FieldWriter i32(int value) {
        return littleEndian(value, 4);
    }

    public FieldWriter u64(long value) {
        return littleEndian(value, 8);
    }

    public FieldWriter bytes(byte[] value) {
        out.writeBytes(value);
        return this;
    }

    /// A str: u32 length and the bytes.
    public FieldWriter str(byte[] value) {
        return u32(value.length).bytes(value);
    }

    /// A str in UTF-8.
    public FieldWriter str(String value) {
        return str(value.getBytes(StandardCharsets.UTF_8));
    }

    public byte[] toBytes() {
        return out.toByteArray();
    }

    public LocalFrame toFrame(int type) {
        return new LocalFrame(type, ByteBuffer.wrap(out.toByteArray()));
    }

    private FieldWriter littleEndian(long value, int bytes) {
        for (int i = 0; i < bytes; i++) out.write((int) (value >>> (8 * i)));
        return this;
    }
}
