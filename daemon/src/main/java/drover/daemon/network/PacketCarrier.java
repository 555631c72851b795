package drover.daemon.network;

import drover.model.NodeId;
import io.netty.buffer.ByteBuf;

/// Carries packets between homes and nodes, this one included, in frames as [drover.protocol.job.PacketFrame]
/// has them. It loses them where they find no room, as a network does. Each call takes ownership of the
/// frame. Any thread.
public interface PacketCarrier {
    /// From this home to a node's guest.
    void toNode(NodeId node, ByteBuf frame);

    /// From a guest here to its home.
    void toHome(NodeId home, ByteBuf frame);

    /// Whether there is room on the way to that home; if not, [GuestDevices#look] is called when there is
    /// again.
    boolean homeTakes(NodeId home);

    /// Makes the way to a node, and keeps it.
    void connect(NodeId node);

    /// Whether the way to a node is there.
    boolean reaches(NodeId node);
}
