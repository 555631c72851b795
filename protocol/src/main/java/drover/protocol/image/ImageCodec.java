package drover.protocol.image;

import drover.model.GuestKey;
import drover.protocol.Wire;
import drover.protocol.WireException;
import drover.protocol.image.ImageFrame.End;
import drover.protocol.image.ImageFrame.Part;
import drover.protocol.image.ImageFrame.Taken;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/// Bytes of [ImageFrame]s. They begin with a byte that no frame of files begins with. Stateless; any thread.
public final class ImageCodec {
    /// Beside the frames of files, which are 1 to 3 (`FileFields`).
    private static final int IMAGE = 4;

    private static final int PART = 1;
    private static final int END = 2;
    private static final int TAKEN = 3;
    private static final int NAME_MAX_CHARS = 255;

    private ImageCodec() {}

    public static boolean isImage(ByteBuf frame) {
        return frame.isReadable() && frame.getByte(frame.readerIndex()) == IMAGE;
    }

    /// The frame, without the length in front. Buffers in it are copied, not released.
    public static ByteBuf encode(ImageFrame frame, ByteBufAllocator allocator) {
        return switch (frame) {
            case Part part -> {
                ByteBuf bytes = part.bytes();
                ByteBuf out = begin(allocator, bytes.readableBytes() + 512, PART, part.guest());
                Wire.writeString(out, part.file());
                yield out.writeBytes(bytes, bytes.readerIndex(), bytes.readableBytes());
            }
            case End end -> {
                ByteBuf handoff = end.handoff();
                ByteBuf out = begin(allocator, handoff.readableBytes() + 128, END, end.guest());
                yield out.writeBytes(handoff, handoff.readerIndex(), handoff.readableBytes());
            }
            case Taken taken -> begin(allocator, 128, TAKEN, taken.guest()).writeLongLE(taken.bytes());
        };
    }

    private static ByteBuf begin(ByteBufAllocator allocator, int room, int kind, GuestKey guest) {
        ByteBuf out = allocator.directBuffer(room).writeByte(IMAGE).writeByte(kind);
        Wire.writeKey(out, guest);
        return out;
    }

    /// Decodes one frame.
    ///
    /// @throws WireException if it is none
    public static ImageFrame decode(ByteBuf in) {
        if (Wire.readU8(in) != IMAGE) throw new WireException("not a frame of an image");
        int kind = Wire.readU8(in);
        GuestKey guest = Wire.readKey(in);
        return switch (kind) {
            case PART -> new Part(guest, name(Wire.readString(in)), in.readSlice(in.readableBytes()));
            case END -> new End(guest, in.readSlice(in.readableBytes()));
            case TAKEN -> new Taken(guest, Wire.readI64(in));
            default -> throw new WireException("a frame of an image of the unknown kind " + kind);
        };
    }

    /// A name in one directory, and nothing else.
    private static String name(String text) {
        if (text.isEmpty()
                || text.length() > NAME_MAX_CHARS
                || text.startsWith(".")
                || !text.matches("[A-Za-z0-9._-]+"))
            throw new WireException("an image has no file of the name '" + text + "'");
        return text;
    }
}
