package drover.daemon.control;

import drover.protocol.local.FieldReader;
import drover.protocol.local.LocalFrame;
import drover.protocol.local.LocalFrameReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.Consumer;

/// Speaks to the daemon's local socket as a deputy does, from Java.
final class TestDeputy implements AutoCloseable {
    static final int ACCEPTED = 101;
    static final int REFUSED = 102;
    static final int SESSION = 103;
    static final int STARTED = 104;
    static final int ENDED = 105;
    static final int NOTICE = 106;
    static final int RESULT = 120;

    private final SocketChannel channel;
    private final LocalFrameReader reader;

    TestDeputy(Path socket) throws IOException {
        channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(socket));
        reader = new LocalFrameReader(channel);
    }

    TestDeputy run(String options, String... argv) throws IOException {
        send(runFrame(options, argv));
        return this;
    }

    /// What a deputy asks to be run with, as a frame.
    static ByteBuffer runFrame(String options, String... argv) {
        return frame(1, out -> {
            string(out, options);
            out.writeByte(1)
                    .writeIntLE(18)
                    .writeIntLE(0)
                    .writeIntLE(0)
                    .writeLongLE(0)
                    .writeLongLE(0);
            out.writeIntLE((int) ProcessHandle.current().pid());
            string(out, "/");
            string(out, argv[0]);
            out.writeIntLE(argv.length);
            for (String word : argv) string(out, word);
        });
    }

    static ByteBuffer commandFrame(String json) {
        return frame(20, out -> out.writeBytes(json.getBytes(StandardCharsets.UTF_8)));
    }

    TestDeputy resume(long job, byte[] secret) throws IOException {
        send(3, out -> out.writeLongLE(job).writeBytes(secret));
        return this;
    }

    TestDeputy command(String json) throws IOException {
        send(commandFrame(json));
        return this;
    }

    TestDeputy signal(int epoch, int signal) throws IOException {
        send(2, out -> out.writeIntLE(epoch).writeByte(5).writeIntLE(1).writeByte(signal));
        return this;
    }

    /// The next frame, which must be of that type.
    FieldReader expect(int type) throws IOException {
        LocalFrame frame = reader.read().orElseThrow(() -> new AssertionError("the daemon closed the connection"));
        if (frame.type() != type) {
            byte[] rest = new byte[frame.payload().remaining()];
            frame.payload().get(rest);
            throw new AssertionError("expected type " + type + ", got " + frame.type() + ": "
                    + new String(rest, StandardCharsets.UTF_8));
        }
        return frame.fields();
    }

    /// Reads all there is until the daemon closes the connection, and says how many bytes that were.
    long countUntilClosed() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(64 << 10);
        long total = 0;
        try {
            for (int n = channel.read(bytes); n >= 0; n = channel.read(bytes.clear())) total += n;
        } catch (IOException reset) {
            return total; // closed with something unread
        }
        return total;
    }

    /// Asks the same again and again without reading an answer, until the socket takes no more for half a second.
    int askWithoutReading(String json, int most) throws IOException, InterruptedException {
        byte[] text = json.getBytes(StandardCharsets.UTF_8);
        byte[] frame = Unpooled.buffer()
                .writeIntLE(text.length + 1)
                .writeByte(20)
                .writeBytes(text)
                .array();
        ByteBuffer one = ByteBuffer.wrap(frame, 0, text.length + 5);
        channel.configureBlocking(false);
        for (int i = 0; i < most; i++) {
            one.position(0);
            long deadline = System.nanoTime() + 500_000_000L;
            while (one.hasRemaining()) {
                if (channel.write(one) > 0) continue;
                if (System.nanoTime() > deadline) return i;
                Thread.sleep(5);
            }
        }
        return most;
    }

    private static ByteBuffer frame(int type, Consumer<ByteBuf> payload) {
        ByteBuf out = Unpooled.buffer().writeIntLE(0).writeByte(type);
        payload.accept(out);
        out.setIntLE(0, out.readableBytes() - 4);
        return out.nioBuffer();
    }

    private void send(int type, Consumer<ByteBuf> payload) throws IOException {
        send(frame(type, payload));
    }

    private void send(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) channel.write(bytes);
    }

    private static void string(ByteBuf out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeIntLE(bytes.length).writeBytes(bytes);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
