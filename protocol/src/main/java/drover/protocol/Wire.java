package drover.protocol;

import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/// The primitives of every message: little-endian integers, and strings as a u32 length and raw bytes. Reading
/// refuses what does not fit with a [WireException], never with another exception.
public final class Wire {
    /// Paths, arguments and messages are shorter; an argument may be 128 KiB (the kernel's MAX_ARG_STRLEN).
    public static final int STRING_MAX_BYTES = 1 << 20;

    private Wire() {}

    public static int readU8(ByteBuf in) {
        need(in, 1);
        return in.readUnsignedByte();
    }

    public static int readU16(ByteBuf in) {
        need(in, 2);
        return in.readUnsignedShortLE();
    }

    public static int readI32(ByteBuf in) {
        need(in, 4);
        return in.readIntLE();
    }

    public static long readI64(ByteBuf in) {
        need(in, 8);
        return in.readLongLE();
    }

    /// A count of things that each take at least `bytesEach`, so that a hostile count cannot make us allocate.
    public static int readCount(ByteBuf in, int bytesEach) {
        int count = readI32(in);
        if (count < 0 || (long) count * bytesEach > in.readableBytes())
            throw new WireException("a count of " + Integer.toUnsignedString(count) + " does not fit in "
                    + in.readableBytes() + " bytes");
        return count;
    }

    public static byte[] readBytes(ByteBuf in) {
        int length = readI32(in);
        if (length < 0 || length > STRING_MAX_BYTES)
            throw new WireException("a string of " + Integer.toUnsignedString(length) + " bytes is too long");
        need(in, length);
        byte[] bytes = new byte[length];
        in.readBytes(bytes);
        return bytes;
    }

    public static String readString(ByteBuf in) {
        return new String(readBytes(in), StandardCharsets.UTF_8);
    }

    public static NodeId readNode(ByteBuf in) {
        String name = readString(in);
        try {
            return new NodeId(name);
        } catch (IllegalArgumentException e) {
            throw new WireException(e.getMessage());
        }
    }

    public static GuestKey readKey(ByteBuf in) {
        NodeId home = readNode(in);
        long number = readI64(in);
        int epoch = readI32(in);
        try {
            return new GuestKey(new JobId(home, number), epoch);
        } catch (IllegalArgumentException e) {
            throw new WireException(e.getMessage());
        }
    }

    public static void writeBytes(ByteBuf out, byte[] bytes) {
        out.writeIntLE(bytes.length).writeBytes(bytes);
    }

    public static void writeString(ByteBuf out, String text) {
        writeBytes(out, text.getBytes(StandardCharsets.UTF_8));
    }

    public static void writeKey(ByteBuf out, GuestKey key) {
        writeString(out, key.job().home().name());
        out.writeLongLE(key.job().number()).writeIntLE(key.epoch());
    }

    /// A copy on the heap, which needs no release: for messages that are handed to another thread.
    public static ByteBuf heapCopy(ByteBuf bytes) {
        byte[] copy = new byte[bytes.readableBytes()];
        bytes.getBytes(bytes.readerIndex(), copy);
        return Unpooled.wrappedBuffer(copy);
    }

    private static void need(ByteBuf in, int bytes) {
        if (in.readableBytes() < bytes)
            throw new WireException(
                    "message ends early: " + bytes + " more bytes wanted, " + in.readableBytes() + " there");
    }
}
