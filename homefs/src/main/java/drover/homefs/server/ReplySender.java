package drover.homefs.server;

import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;

/// Sends replies to the node that made the call. Takes the frame over, also when the link is gone (it is then
/// dropped: the node asks again). Any thread.
public interface ReplySender {
    void send(LinkClass linkClass, ByteBuf frame);
}
