package drover.protocol.image;

import drover.model.GuestKey;
import io.netty.buffer.ByteBuf;

/// What source and target of a move say to each other, over a link of class BULK that the source dialled.
/// `guest` is always the one that is to be on the target. Buffers are slices of the frame and live as long as
/// it does.
public sealed interface ImageFrame {
    GuestKey guest();

    /// Source: the next bytes of one of the image's files.
    record Part(GuestKey guest, String file, ByteBuf bytes) implements ImageFrame {}

    /// Source: that was all.
    ///
    /// @param handoff what the keepers have to tell each other
    record End(GuestKey guest, ByteBuf handoff) implements ImageFrame {}

    /// Target: so many bytes of the files have been written, in all.
    record Taken(GuestKey guest, long bytes) implements ImageFrame {}
}
