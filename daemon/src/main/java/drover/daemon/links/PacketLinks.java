package drover.daemon.links;

import drover.daemon.network.PacketCarrier;
import drover.model.NodeId;
import drover.protocol.link.Link;
import drover.protocol.link.LinkClass;
import drover.protocol.link.LinkHub;
import drover.protocol.link.LinkListener;
import io.netty.buffer.ByteBuf;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// Packets of guests in their home's network. On a link that this node dialled it is the home, on others the
/// node; the packets of guests at their own home need no link. Safe from any thread.
public final class PacketLinks implements LinkListener, PacketCarrier {
    /// Who takes what arrives. Frames are valid until the call returns.
    ///
    /// @param atHome what a node's guest sent
    /// @param atNode what a home sent to a guest here
    /// @param reached the way to a node is there
    /// @param roomAtHome there is room again on the way to some home
    public record Ends(
            BiConsumer<NodeId, ByteBuf> atHome,
            BiConsumer<NodeId, ByteBuf> atNode,
            Consumer<NodeId> reached,
            Runnable roomAtHome) {}

    private final NodeId self;
    private final LinkHub hub;
    private volatile Ends ends;

    public PacketLinks(NodeId self, LinkHub hub) {
        this.self = self;
        this.hub = hub;
        hub.register(LinkClass.PACKETS, this);
    }

    /// Says who takes what arrives. Call before the hub starts.
    public void connectEnds(Ends ends) {
        this.ends = ends;
    }

    @Override
    public void toNode(NodeId node, ByteBuf frame) {
        if (node.equals(self)) here(frame, ends.atNode);
        else send(hub.link(node, LinkClass.PACKETS), frame);
    }

    @Override
    public void toHome(NodeId home, ByteBuf frame) {
        if (home.equals(self)) here(frame, ends.atHome);
        else send(hub.linkFrom(home, LinkClass.PACKETS), frame);
    }

    private void here(ByteBuf frame, BiConsumer<NodeId, ByteBuf> end) {
        try {
            end.accept(self, frame);
        } finally {
            frame.release();
        }
    }

    private static void send(Optional<Link> link, ByteBuf frame) {
        if (link.isPresent() && link.get().isWritable()) link.get().send(frame);
        else frame.release();
    }

    @Override
    public boolean homeTakes(NodeId home) {
        return home.equals(self)
                || hub.linkFrom(home, LinkClass.PACKETS)
                        .filter(Link::isWritable)
                        .isPresent();
    }

    @Override
    public void connect(NodeId node) {
        if (!node.equals(self)) hub.keep(node, LinkClass.PACKETS);
    }

    @Override
    public boolean reaches(NodeId node) {
        return node.equals(self) || hub.link(node, LinkClass.PACKETS).isPresent();
    }

    @Override
    public void up(Link link) {
        if (link.dialledHere()) ends.reached.accept(link.peer());
        else ends.roomAtHome.run();
    }

    @Override
    public void frame(Link link, ByteBuf frame) {
        (link.dialledHere() ? ends.atHome : ends.atNode).accept(link.peer(), frame);
    }

    @Override
    public void writable(Link link) {
        if (!link.dialledHere()) ends.roomAtHome.run();
    }

    @Override
    public void down(Link link, String reason) {}
}
