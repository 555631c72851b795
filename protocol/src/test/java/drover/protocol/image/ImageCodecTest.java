package drover.protocol.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.protocol.WireException;
import drover.protocol.image.ImageFrame.End;
import drover.protocol.image.ImageFrame.Gone;
import drover.protocol.image.ImageFrame.Pages;
import drover.protocol.image.ImageFrame.Part;
import drover.protocol.image.ImageFrame.Taken;
import drover.protocol.image.ImageFrame.Want;
import drover.protocol.image.ImageFrame.Whole;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImageCodecTest {
    private static final GuestKey GUEST = new GuestKey(new JobId(new NodeId("n1"), 7), 3);

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    private static ByteBuf encode(ImageFrame frame) {
        return ImageCodec.encode(frame, UnpooledByteBufAllocator.DEFAULT);
    }

    @Test
    void framesComeOutAsTheyWentIn() {
        for (ImageFrame frame : List.of(
                new Part(GUEST, "pages-1.img", bytes("memory")),
                new Part(GUEST, "core-1.img", Unpooled.EMPTY_BUFFER),
                new End(GUEST, false, bytes("handoff")),
                new End(GUEST, true, bytes("handoff")),
                new Taken(GUEST, 1L << 40),
                new Want(GUEST, 7, 0x7fff_ffff_f000L, 1024),
                new Pages(GUEST, 7, 0x7fff_ffff_f000L, bytes("pages")),
                new Whole(GUEST),
                new Gone(GUEST))) {
            ByteBuf encoded = encode(frame);
            assertTrue(ImageCodec.isImage(encoded));
            assertEquals(frame, ImageCodec.decode(encoded));
        }
        assertFalse(ImageCodec.isImage(Unpooled.EMPTY_BUFFER));
        assertFalse(ImageCodec.isImage(Unpooled.wrappedBuffer(new byte[] {1, 2, 3})), "a file call");
    }

    @Test
    void aNameLeadsNowhereElse() {
        for (String name : List.of("", ".", "..", "../x", "a/b", "/etc/passwd", "a\0b", ".hidden", "x".repeat(256))) {
            ByteBuf encoded = encode(new Part(GUEST, name, bytes("x")));
            assertThrows(WireException.class, () -> ImageCodec.decode(encoded), name);
        }
    }

    @Test
    void whatIsCutOffOrUnknownIsRefused() {
        ByteBuf whole = encode(new Taken(GUEST, 5));
        for (int length = 1; length < whole.readableBytes(); length++) {
            ByteBuf cut = whole.copy(0, length);
            assertThrows(WireException.class, () -> ImageCodec.decode(cut), "length " + length);
        }
        ByteBuf unknown = encode(new Taken(GUEST, 5)).setByte(1, 9);
        assertThrows(WireException.class, () -> ImageCodec.decode(unknown));
    }
}
