package drover.protocol.link;

import drover.model.NodeId;
import io.netty.buffer.ByteBuf;
import java.security.cert.X509Certificate;

/// One established connection to another node: authenticated, and of an agreed version.
/// Thread rule: any thread.
public interface Link {
    NodeId peer();

    LinkClass linkClass();

    /// True: this node dialled, so it is the home on this link.
    boolean dialledHere();

    /// The protocol version both sides agreed on.
    int version();

    /// The peer's certificate, as shown at the handshake.
    X509Certificate certificate();

    /// Sends a frame (type and payload, without the length). Takes ownership. Frames of one caller keep their
    /// order. A frame for a link that is down is dropped: what must survive that is sent again after the next
    /// `up`.
    ///
    /// @throws IllegalArgumentException when the frame is empty or longer than the class allows
    void send(ByteBuf frame);

    /// False while more waits to be sent than the high-water mark; [LinkListener#writable] tells when that is over.
    boolean isWritable();

    void close(String reason);
}
