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
    /// @param memoryFollows its memory is not in the image: it is to be asked for ([Want])
    /// @param handoff what the keepers have to tell each other
    record End(GuestKey guest, boolean memoryFollows, ByteBuf handoff) implements ImageFrame {}

    /// Target: so many bytes of the files have been written, in all.
    record Taken(GuestKey guest, long bytes) implements ImageFrame {}

    /// Target: send so many pages of memory, or fewer. Answered in the order of asking.
    ///
    /// @param process its pid in the guest
    /// @param address of the first, as the process has it
    record Want(GuestKey guest, int process, long address, int pages) implements ImageFrame {}

    /// Source: the pages that were asked for.
    record Pages(GuestKey guest, int process, long address, ByteBuf content) implements ImageFrame {}

    /// Target: nothing more is wanted of that guest's memory.
    record Whole(GuestKey guest) implements ImageFrame {}

    /// Source: there is nothing of that guest here.
    record Gone(GuestKey guest) implements ImageFrame {}
}
