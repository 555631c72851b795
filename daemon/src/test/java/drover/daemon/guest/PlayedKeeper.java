package drover.daemon.guest;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// A keeper that the test plays, at a real socket: it says what the test says, and keeps what the daemon said.
final class PlayedKeeper implements AutoCloseable {
    static final int MOUNT = 1;
    static final int START = 3;
    static final int KILL = 5;
    static final int LEASE = 7;
    private static final int PATIENCE_SECONDS = 20;

    /// A frame of the daemon; what follows its type is still to be read.
    record Said(int type, ByteBuf rest) {}

    private final ServerSocketChannel server;
    private final LinkedBlockingQueue<SocketChannel> connections = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Said> said = new LinkedBlockingQueue<>();
    private SocketChannel daemon;

    PlayedKeeper(Path socket) throws IOException {
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        Thread.ofVirtual().start(() -> {
            try {
                while (true) connections.add(server.accept());
            } catch (IOException e) {
                return; // closed at the end
            }
        });
    }

    /// Takes the daemon's next connection.
    PlayedKeeper accept() throws InterruptedException {
        daemon = connections.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (daemon == null) throw new AssertionError("the daemon does not connect");
        SocketChannel mine = daemon;
        Thread.ofVirtual().start(() -> read(mine));
        return this;
    }

    private void read(SocketChannel from) {
        ByteBuf pending = Unpooled.buffer();
        ByteBuffer bytes = ByteBuffer.allocate(64 << 10);
        try {
            while (from.read(bytes.clear()) >= 0) {
                pending.writeBytes(bytes.flip());
                while (pending.readableBytes() >= 4
                        && pending.readableBytes() >= 4 + pending.getIntLE(pending.readerIndex())) {
                    ByteBuf frame = pending.readBytes(pending.readIntLE());
                    said.add(new Said(frame.readUnsignedByte(), frame));
                }
            }
        } catch (IOException e) {
            return; // broken by the test
        }
    }

    /// One frame, as it goes over the socket.
    static byte[] frame(int type, Consumer<ByteBuf> payload) {
        ByteBuf out = Unpooled.buffer().writeIntLE(0).writeByte(type);
        payload.accept(out);
        out.setIntLE(0, out.readableBytes() - 4);
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        return bytes;
    }

    void say(int type, Consumer<ByteBuf> payload) throws IOException {
        write(frame(type, payload));
    }

    void write(byte[] bytes) throws IOException {
        ByteBuffer left = ByteBuffer.wrap(bytes);
        while (left.hasRemaining()) daemon.write(left);
    }

    /// The daemon's next frame.
    Said next() throws InterruptedException {
        Said next = said.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (next == null) throw new AssertionError("the daemon says nothing");
        return next;
    }

    /// The daemon's next frame of that type; others are passed over.
    Said next(int type) throws InterruptedException {
        Said next = next();
        while (next.type != type) next = next();
        return next;
    }

    /// Breaks the connection.
    void hangUp() throws IOException {
        daemon.close();
    }

    @Override
    public void close() throws IOException {
        server.close();
        if (daemon != null) daemon.close();
    }
}
