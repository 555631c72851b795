package drover.homefs.mount;

import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;

/// Sends calls to the home of a mount. Takes the frame over in any case; false if the link of that class is
/// down. Any thread. Never waits, and never tells the mount of a link's begin or end before it has returned.
public interface FrameSender {
    boolean send(LinkClass linkClass, ByteBuf frame);
}
