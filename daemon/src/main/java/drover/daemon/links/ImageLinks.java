package drover.daemon.links;

import drover.model.NodeId;
import drover.protocol.WireException;
import drover.protocol.image.ImageCodec;
import drover.protocol.image.ImageFrame;
import drover.protocol.link.Link;
import drover.protocol.link.LinkClass;
import drover.protocol.link.LinkConfig;
import drover.protocol.link.LinkHub;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Carries the images of guests that move, from source to target, on links that the source dials. Safe from any
/// thread.
public final class ImageLinks {
    private static final Logger LOG = LoggerFactory.getLogger(ImageLinks.class);

    /// Takes what arrives, on the link's event loop: it must not block there. Buffers are valid until the call
    /// returns.
    public interface Receiver {
        /// A source says something of the guest that it sends here.
        void fromSource(NodeId source, ImageFrame frame);

        /// A target says something of the guest that is sent to it.
        void fromTarget(NodeId target, ImageFrame frame);
    }

    private final LinkHub hub;
    private volatile Receiver receiver;

    public ImageLinks(LinkHub hub) {
        this.hub = hub;
    }

    /// Says who takes what arrives. Call before the hub starts.
    public void connectReceiver(Receiver taker) {
        receiver = taker;
    }

    /// Makes and keeps links to a target.
    public void connect(NodeId target) {
        hub.keep(target);
    }

    /// Whether what is sent to that target arrives now, and is understood there.
    public boolean isUp(NodeId target) {
        return usable(hub.link(target, LinkClass.BULK)).isPresent();
    }

    /// Whether a guest may go there before its memory.
    public boolean takesGuestsBeforeMemory(NodeId target) {
        return hub.link(target, LinkClass.BULK)
                .filter(up -> up.version() >= LinkConfig.POST_COPY_VERSION)
                .isPresent();
    }

    /// From the source; false if the link is down.
    public boolean send(NodeId target, ImageFrame frame) {
        return send(hub.link(target, LinkClass.BULK), frame);
    }

    /// From the target; false if the link is down.
    public boolean answer(NodeId source, ImageFrame frame) {
        return send(hub.linkFrom(source, LinkClass.BULK), frame);
    }

    /// To whichever of the two it is, by a link that either has dialled; false if there is none now. Makes one for the
    /// next
    /// time.
    public boolean sendEitherWay(NodeId peer, ImageFrame frame) {
        for (Optional<Link> link : List.of(hub.linkFrom(peer, LinkClass.BULK), hub.link(peer, LinkClass.BULK)))
            if (send(link.filter(up -> up.version() >= LinkConfig.POST_COPY_VERSION), frame)) return true;
        hub.keep(peer);
        return false;
    }

    private static boolean send(Optional<Link> link, ImageFrame frame) {
        Optional<Link> usable = usable(link);
        usable.ifPresent(up -> up.send(ImageCodec.encode(frame, LinkHub.buffers())));
        return usable.isPresent();
    }

    private static Optional<Link> usable(Optional<Link> link) {
        return link.filter(up -> up.version() >= LinkConfig.MOVES_VERSION);
    }

    void frame(Link link, ByteBuf frame) {
        try {
            ImageFrame decoded = ImageCodec.decode(frame.duplicate());
            if (link.dialledHere()) receiver.fromTarget(link.peer(), decoded);
            else receiver.fromSource(link.peer(), decoded);
        } catch (WireException e) {
            LOG.warn("{} sent a bad frame of an image: {}", link.peer(), e.getMessage());
            link.close("bad frame of an image: " + e.getMessage());
        }
    }
}
