package drover.daemon.network;

import drover.linux.network.TunDevice;
import drover.protocol.job.PacketFrame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/// Puts the packet of a frame into a device.
final class TunWriter {
    private TunWriter() {}

    static void write(TunDevice device, ByteBuf frame) {
        int at = frame.readerIndex() + PacketFrame.KEY_BYTES;
        int length = frame.readableBytes() - PacketFrame.KEY_BYTES;
        if (frame.isDirect()) {
            var _ = device.write(frame.nioBuffer(at, length)); // what the kernel does not take is lost
            return;
        }
        ByteBuf direct = Unpooled.directBuffer(length).writeBytes(frame, at, length);
        var _ = device.write(direct.nioBuffer());
        direct.release();
    }
}
