package drover.protocol.link;

import io.netty.buffer.ByteBuf;

/// Hears of one class of links. Called on the link's event loop: it must never block there. For one peer, class and
/// direction the order is up, frames, down, and the next link's `up` comes after the last one's `down`.
public interface LinkListener {
    void up(Link link);

    /// A frame without its length. Released by the caller after the return: retain it to keep it.
    void frame(Link link, ByteBuf frame);

    void down(Link link, String reason);

    /// The link may be written to again, after [Link#isWritable] was false.
    default void writable(Link link) {}
}
