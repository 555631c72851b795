package drover.daemon.guest;

import drover.linux.socket.UnixSocket;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/// Frames to and from a native process of this node: length, type, content. Sending is safe from any thread.
final class FrameSocket {
    private static final int FRAME_MAX_BYTES = 4 << 20;
    private static final long CLOSE_PATIENCE_MILLIS = 2000;

    private final UnixSocket socket;

    FrameSocket(UnixSocket socket) {
        this.socket = socket;
    }

    static ByteBuf begin(int type) {
        return Unpooled.buffer(128).writeIntLE(0).writeByte(type);
    }

    void send(ByteBuf frame) throws IOException {
        frame.setIntLE(0, frame.readableBytes() - 4);
        socket.send(frame.nioBuffer());
    }

    /// Receives until the other end is gone, on this thread. Frames begin at their type, and are valid until the taker
    /// returns.
    ///
    /// @return why it ended
    String receive(Consumer<ByteBuf> taker) {
        ByteBuf pending = Unpooled.buffer(64 * 1024);
        try {
            for (ByteBuffer bytes = socket.receive(); bytes != null; bytes = socket.receive()) {
                pending.discardReadBytes().writeBytes(bytes);
                while (pending.readableBytes() >= 4) {
                    int length = pending.getIntLE(pending.readerIndex());
                    if (length <= 0 || length > FRAME_MAX_BYTES)
                        throw new IOException("a frame of " + length + " bytes is out of range");
                    if (pending.readableBytes() < 4 + length) break;
                    pending.skipBytes(4);
                    taker.accept(pending.readSlice(length));
                }
            }
            return "it closed the connection";
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    int takeDescriptor() throws IOException {
        return socket.takePassedDescriptor();
    }

    /// Ends the receiver, and waits for it.
    void close(Thread receiver) {
        socket.shutdown();
        try {
            receiver.join(CLOSE_PATIENCE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        if (!receiver.isAlive()) socket.close();
    }

    /// When nobody uses it any more: from the receiver's own thread, at its end.
    void closeNow() {
        socket.close();
    }
}
