package drover.daemon.links;

import drover.homefs.server.FileServer;
import drover.homefs.server.ReplySender;
import drover.model.NodeId;
import drover.protocol.image.ImageCodec;
import drover.protocol.link.Link;
import drover.protocol.link.LinkClass;
import drover.protocol.link.LinkHub;
import drover.protocol.link.LinkListener;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;

/// File frames between a guest's node and its home: calls arrive on links that this node dialled as a home,
/// replies on those that homes dialled. A home's own guests have its files by a mount, too, which needs no link:
/// its calls are taken up on the thread that makes them. Safe from any thread.
public final class FileLinks implements LinkListener, AutoCloseable {
    /// The guest's side: the mounts of homes' files on this node.
    public interface Mounts {
        void fileFrame(NodeId home, ByteBuf frame);

        void fileLinkUp(NodeId home);

        void fileLinkDown(NodeId home);
    }

    private final NodeId self;
    private final LinkHub hub;
    private final FileServer server;
    private final ImageLinks images;
    /// Brings answers and recalls to this node's mount of its own files, in the order in which they are said.
    private final ExecutorService toOwnMount = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("files here").daemon().factory());
    private volatile Mounts mounts;
    private volatile boolean serving;

    /// @param images carries what it carries on the links of class BULK, beside file frames
    public FileLinks(NodeId self, LinkHub hub, FileServer server, ImageLinks images) {
        this.self = self;
        this.hub = hub;
        this.server = server;
        this.images = images;
        hub.register(LinkClass.FILES, this);
        hub.register(LinkClass.BULK, this);
    }

    /// Says who mounts. Call before the hub starts.
    public void connectMounts(Mounts mounts) {
        this.mounts = mounts;
    }

    /// From now on the guests of this home that run here are served as those on other nodes are. Call when it is known
    /// which of them live.
    public void serveOwn() {
        serving = true;
        server.onLinkUp(self, this::sendToOwnMount);
        mounts.fileLinkUp(self);
    }

    private boolean sendToOwnServer(LinkClass linkClass, ByteBuf frame) {
        ByteBuf whole = inOnePiece(frame);
        try {
            if (serving) server.onFrame(self, linkClass, whole, this::sendToOwnMount);
            return serving;
        } finally {
            whole.release();
        }
    }

    private void sendToOwnMount(LinkClass linkClass, ByteBuf frame) {
        ByteBuf whole = inOnePiece(frame);
        try {
            toOwnMount.execute(() -> {
                try {
                    mounts.fileFrame(self, whole);
                } finally {
                    whole.release();
                }
            });
        } catch (RejectedExecutionException e) {
            whole.release(); // the daemon ends: the one after it is asked again
        }
    }

    /// As it would come over a link.
    private static ByteBuf inOnePiece(ByteBuf frame) {
        if (frame.nioBufferCount() == 1) return frame;
        ByteBuf whole = LinkHub.buffers().directBuffer(frame.readableBytes()).writeBytes(frame);
        frame.release();
        return whole;
    }

    @Override
    public void close() {
        serving = false;
        toOwnMount.shutdown();
    }

    /// From a mount on this node to its home; false if the link is down. Takes ownership of the frame.
    public boolean sendToHome(NodeId home, LinkClass linkClass, ByteBuf frame) {
        if (home.equals(self)) return sendToOwnServer(linkClass, frame);
        var link = hub.linkFrom(home, linkClass);
        if (link.isEmpty()) {
            frame.release();
            return false;
        }
        link.get().send(frame);
        return true;
    }

    /// Both classes must be there before a mount may use either.
    @Override
    public void up(Link link) {
        NodeId peer = link.peer();
        if (link.dialledHere()) {
            if (link.linkClass() == LinkClass.FILES)
                synchronized (this) {
                    server.onLinkUp(peer, to(peer));
                }
        } else if (hub.linkFrom(peer, LinkClass.FILES).isPresent()
                && hub.linkFrom(peer, LinkClass.BULK).isPresent()) mounts.fileLinkUp(peer);
    }

    private ReplySender to(NodeId peer) {
        return (linkClass, frame) ->
                hub.link(peer, linkClass).ifPresentOrElse(link -> link.send(frame), frame::release);
    }

    @Override
    public void frame(Link link, ByteBuf frame) {
        NodeId peer = link.peer();
        if (ImageCodec.isImage(frame)) images.frame(link, frame);
        else if (!link.dialledHere()) mounts.fileFrame(peer, frame);
        else server.onFrame(peer, link.linkClass(), frame, to(peer));
    }

    @Override
    public void down(Link link, String reason) {
        if (!link.dialledHere()) mounts.fileLinkDown(link.peer());
        else if (link.linkClass() == LinkClass.FILES)
            synchronized (this) {
                // the next link may be up already
                if (hub.link(link.peer(), LinkClass.FILES).isEmpty()) server.onLinkDown(link.peer());
            }
    }
}
