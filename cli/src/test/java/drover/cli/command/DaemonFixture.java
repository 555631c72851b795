package drover.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import drover.cli.connection.DaemonConnection;
import drover.protocol.local.LocalFrame;
import drover.protocol.local.LocalFrameReader;
import drover.protocol.local.LocalFrameWriter;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// The daemon's side of the socket, answering one question after the other with what the test gives it.
final class DaemonFixture implements AutoCloseable {
    /// What a test answers to a question.
    interface Answers {
        List<LocalFrame> to(JsonNode question);
    }

    final List<JsonNode> asked = new CopyOnWriteArrayList<>();
    private final ServerSocketChannel server;
    private final Thread thread;

    DaemonFixture(Path socket, Answers answers) throws IOException {
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
        thread = Thread.ofPlatform().daemon().name("daemon-fixture").start(() -> serve(answers));
    }

    private void serve(Answers answers) {
        while (true) {
            try (SocketChannel peer = server.accept()) {
                LocalFrame frame = new LocalFrameReader(peer).read().orElseThrow();
                JsonNode question =
                        DaemonConnection.JSON.readTree(frame.fields().rest());
                asked.add(question);
                LocalFrameWriter writer = new LocalFrameWriter(peer);
                for (LocalFrame answer : answers.to(question)) writer.write(answer);
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
