package drover.protocol.job;

import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import io.netty.buffer.ByteBuf;

/// A frame of class PACKETS, in either direction: the number (u64) and epoch (u32) of the guest that sent the
/// packet or is to get it, a `struct virtio_net_hdr` (10 bytes), and one IPv4 packet. The home is the peer
/// that dialled.
public final class PacketFrame {
    /// Of what names the guest. The kernel's header and the packet follow.
    public static final int KEY_BYTES = 12;

    private static final int PACKET_AT = KEY_BYTES + 10;
    private static final int IPV4_HEADER_BYTES = 20;
    private static final int IPV4 = 4;
    private static final int PROTOCOL_AT = PACKET_AT + 9;
    private static final int UDP = 17;
    private static final int UDP_HEADER_BYTES = 8;
    private static final int NAMES_PORT = 53;
    private static final int ANSWER_OR_OTHER_KIND = 0xf8;
    private static final int SOURCE_AT = PACKET_AT + 12;
    private static final int DESTINATION_AT = PACKET_AT + 16;

    private PacketFrame() {}

    /// Whether it is long enough for what is read here, and its packet one of IPv4.
    public static boolean isIpv4(ByteBuf frame) {
        return frame.readableBytes() >= PACKET_AT + IPV4_HEADER_BYTES
                && frame.getByte(frame.readerIndex() + PACKET_AT) >>> 4 == IPV4;
    }

    public static int source(ByteBuf frame) {
        return frame.getInt(frame.readerIndex() + SOURCE_AT);
    }

    public static int destination(ByteBuf frame) {
        return frame.getInt(frame.readerIndex() + DESTINATION_AT);
    }

    /// Whether it asks what a name means, by UDP: that changes nothing anywhere. (RFC 1035, 4.1.1: a question, of the
    /// usual kind.)
    public static boolean asksForName(ByteBuf frame) {
        int at = frame.readerIndex();
        int udpAt = PACKET_AT + (frame.getByte(at + PACKET_AT) & 0xf) * 4;
        int kindAt = udpAt + UDP_HEADER_BYTES + Short.BYTES;
        return frame.getByte(at + PROTOCOL_AT) == UDP
                && frame.readableBytes() > kindAt
                && frame.getUnsignedShort(at + udpAt + Short.BYTES) == NAMES_PORT
                && (frame.getByte(at + kindAt) & ANSWER_OR_OTHER_KIND) == 0;
    }

    /// Whether it names that guest, of the home whose link it came on or goes to.
    public static boolean names(ByteBuf frame, GuestKey guest) {
        int at = frame.readerIndex();
        return frame.getLongLE(at) == guest.job().number() && frame.getIntLE(at + Long.BYTES) == guest.epoch();
    }

    public static void name(ByteBuf frame, GuestKey guest) {
        int at = frame.readerIndex();
        frame.setLongLE(at, guest.job().number()).setIntLE(at + Long.BYTES, guest.epoch());
    }

    /// The guest that it names.
    ///
    /// @throws IllegalArgumentException if there can be no such
    public static GuestKey guest(ByteBuf frame, NodeId home) {
        int at = frame.readerIndex();
        return new GuestKey(new JobId(home, frame.getLongLE(at)), frame.getIntLE(at + Long.BYTES));
    }
}
