package drover.daemon.guest;

import drover.linux.socket.UnixSocket;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.Wire;
import drover.protocol.WireException;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The daemon's side of the connection to a `drover-pager`, the native process that asks for the memory of one guest.
/// Questions are received on a thread of its own; pages may be sent from any.
final class Pager {
    private static final Logger LOG = LoggerFactory.getLogger(Pager.class);
    private static final int GUEST = 1;
    private static final int WANT = 2;
    private static final int PAGES = 3;

    /// Hears what it asks, on the receiving thread.
    interface Listener {
        /// First of all.
        void greets(Pager pager, GuestKey guest, NodeId source);

        void wants(Pager pager, int process, long address, int pages);

        /// All is there, or its guest has ended.
        void ended(Pager pager);
    }

    private final FrameSocket socket;

    /// Connects, and is told all that was not answered yet.
    ///
    /// @throws IOException if nobody listens there
    static void connect(Path path, Listener listener) throws IOException {
        var socket = new FrameSocket(UnixSocket.connect(path.toString()));
        var pager = new Pager(socket);
        Thread.ofPlatform().name("pager " + path.getFileName()).daemon().start(() -> {
            socket.receive(frame -> pager.deliver(frame, listener));
            synchronized (pager) { // nobody sends just now
                pager.gone = true;
                socket.closeNow();
            }
            listener.ended(pager);
        });
    }

    private boolean gone;

    private Pager(FrameSocket socket) {
        this.socket = socket;
    }

    private void deliver(ByteBuf frame, Listener listener) {
        try {
            switch (Wire.readU8(frame)) {
                case GUEST -> listener.greets(this, Wire.readKey(frame), Wire.readNode(frame));
                case WANT -> listener.wants(this, Wire.readI32(frame), Wire.readI64(frame), Wire.readI32(frame));
                default -> throw new WireException("unknown frame of a pager");
            }
        } catch (WireException e) {
            LOG.error("a question of a pager could not be used: {}", e.getMessage());
        }
    }

    /// Answers what was asked first.
    synchronized void pages(int process, long address, ByteBuf content) {
        if (gone) return;
        ByteBuf out = FrameSocket.begin(PAGES).writeIntLE(process).writeLongLE(address);
        try {
            socket.send(out.writeBytes(content, content.readerIndex(), content.readableBytes()));
        } catch (IOException e) {
            LOG.debug("a pager has ended: {}", e.getMessage()); // its guest has, or all is there
        }
    }
}
