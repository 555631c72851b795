package drover.daemon.guest;

import drover.daemon.network.PacketCarrier;
import drover.model.NodeId;
import io.netty.buffer.ByteBuf;

/// Carries nothing anywhere.
final class NoPackets implements PacketCarrier {
    @Override
    public void toNode(NodeId node, ByteBuf frame) {
        frame.release();
    }

    @Override
    public void toHome(NodeId home, ByteBuf frame) {
        frame.release();
    }

    @Override
    public boolean homeTakes(NodeId home) {
        return false;
    }

    @Override
    public void connect(NodeId node) {}

    @Override
    public boolean reaches(NodeId node) {
        return false;
    }
}
