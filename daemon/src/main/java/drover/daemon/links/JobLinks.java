package drover.daemon.links;

import drover.daemon.control.GuestNodes;
import drover.model.NodeId;
import drover.protocol.WireException;
import drover.protocol.job.JobCodec;
import drover.protocol.job.JobMessage;
import drover.protocol.link.Link;
import drover.protocol.link.LinkClass;
import drover.protocol.link.LinkConfig;
import drover.protocol.link.LinkHub;
import drover.protocol.link.LinkListener;
import io.netty.buffer.ByteBuf;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Job messages between home and node. On a link that this node dialled it is the home, on others the node; a
/// home that runs its own guests needs no link. Safe from any thread.
public final class JobLinks implements LinkListener, GuestNodes {
    private static final Logger LOG = LoggerFactory.getLogger(JobLinks.class);

    /// Who takes what arrives. Buffers inside messages are valid until the call returns.
    ///
    /// @param atHome what a node said to this home
    /// @param atNode what a home said to this node
    public record Ends(
            BiConsumer<NodeId, JobMessage> atHome,
            BiConsumer<NodeId, JobMessage> atNode,
            Consumer<NodeId> nodeUp,
            Consumer<NodeId> nodeDown) {}

    private final NodeId self;
    private final LinkHub hub;
    private volatile Ends ends;

    public JobLinks(NodeId self, LinkHub hub) {
        this.self = self;
        this.hub = hub;
        hub.register(LinkClass.JOBS, this);
    }

    /// Says who takes what arrives. Call before the hub starts.
    public void connectEnds(Ends ends) {
        this.ends = ends;
    }

    /// From this home to a node.
    @Override
    public void send(NodeId node, JobMessage message) {
        if (node.equals(self)) ends.atNode.accept(self, message);
        else hub.link(node, LinkClass.JOBS).ifPresent(link -> link.send(encode(message)));
    }

    /// From this node to a home.
    public void sendToHome(NodeId home, JobMessage message) {
        if (home.equals(self)) ends.atHome.accept(self, message);
        else hub.linkFrom(home, LinkClass.JOBS).ifPresent(link -> link.send(encode(message)));
    }

    private static ByteBuf encode(JobMessage message) {
        return JobCodec.encode(message, LinkHub.buffers());
    }

    @Override
    public boolean isUp(NodeId node) {
        return node.equals(self) || hub.link(node, LinkClass.JOBS).isPresent();
    }

    @Override
    public boolean canMoveGuests(NodeId node) {
        return node.equals(self)
                || hub.link(node, LinkClass.JOBS)
                        .filter(link -> link.version() >= LinkConfig.MOVES_VERSION)
                        .isPresent();
    }

    @Override
    public void connect(NodeId node) {
        if (!node.equals(self)) hub.keep(node);
    }

    @Override
    public void up(Link link) {
        if (link.dialledHere()) ends.nodeUp.accept(link.peer());
    }

    @Override
    public void frame(Link link, ByteBuf frame) {
        try {
            JobMessage message = JobCodec.decode(frame);
            (link.dialledHere() ? ends.atHome : ends.atNode).accept(link.peer(), message);
        } catch (WireException e) {
            LOG.warn("{} sent a bad job message: {}", link.peer(), e.getMessage());
            link.close("bad job message: " + e.getMessage());
        }
    }

    @Override
    public void down(Link link, String reason) {
        if (link.dialledHere()) ends.nodeDown.accept(link.peer());
    }
}
