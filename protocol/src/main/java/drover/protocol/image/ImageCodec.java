package drover.protocol.image;

import drover.model.GuestKey;
import drover.protocol.Wire;
import drover.protocol.WireException;
import drover.protocol.image.ImageFrame.End;
import drover.protocol.image.ImageFrame.Gone;
import drover.protocol.image.ImageFrame.Pages;
import drover.protocol.image.ImageFrame.Part;
import drover.protocol.image.ImageFrame.Taken;
import drover.protocol.image.ImageFrame.Want;
import drover.protocol.image.ImageFrame.Whole;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/// Bytes of [ImageFrame]s. They begin with a byte that no frame of files begins with. Stateless; any thread.
public final class ImageCodec {
    /// Beside the frames of files, which are 1 to 3 (`FileFields`).
    private static final int IMAGE = 4;

    private static final int PART = 1;
    private static final int END = 2;
    private static final int TAKEN = 3;
    private static final int END_BEFORE_MEMORY = 4;
    private static final int WANT = 5;
    private static final int PAGES = 6;
    private static final int WHOLE = 7;
    private static final int GONE = 8;
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
                ByteBuf out = begin(
                        allocator,
                        handoff.readableBytes() + 128,
                        end.memoryFollows() ? END_BEFORE_MEMORY : END,
                        end.guest());
                yield out.writeBytes(handoff, handoff.readerIndex(), handoff.readableBytes());
            }
            case Taken taken -> begin(allocator, 128, TAKEN, taken.guest()).writeLongLE(taken.bytes());
            case Want want ->
                begin(allocator, 128, WANT, want.guest())
                        .writeIntLE(want.process())
                        .writeLongLE(want.address())
                        .writeIntLE(want.pages());
            case Pages pages -> {
                ByteBuf content = pages.content();
                ByteBuf out = begin(allocator, content.readableBytes() + 128, PAGES, pages.guest());
                out.writeIntLE(pages.process()).writeLongLE(pages.address());
                yield out.writeBytes(content, content.readerIndex(), content.readableBytes());
            }
            case Whole whole -> begin(allocator, 128, WHOLE, whole.guest());
            case Gone gone -> begin(allocator, 128, GONE, gone.guest());
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
            case END -> new End(guest, false, in.readSlice(in.readableBytes()));
            case END_BEFORE_MEMORY -> new End(guest, true, in.readSlice(in.readableBytes()));
            case TAKEN -> new Taken(guest, Wire.readI64(in));
            case WANT -> new Want(guest, Wire.readI32(in), Wire.readI64(in), Wire.readI32(in));
            case PAGES -> new Pages(guest, Wire.readI32(in), Wire.readI64(in), in.readSlice(in.readableBytes()));
            case WHOLE -> new Whole(guest);
            case GONE -> new Gone(guest);
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
