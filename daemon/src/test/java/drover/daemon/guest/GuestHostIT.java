package drover.daemon.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import drover.daemon.config.DaemonConfig;
import drover.model.NodeId;
import drover.protocol.job.JobMessage;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The host of guests over a real Unix socket, at whose other end the test plays a slow keeper.
class GuestHostIT {
    private static final int KEEPER_START_MILLIS = 2500;
    private static final int WATCHED_MILLIS = 1500;

    @TempDir
    Path directory;

    /// Like the keeper: a new connection replaces the old one.
    private static void serve(ServerSocketChannel server, AtomicInteger connections) {
        SocketChannel daemon = null;
        try {
            while (true) {
                SocketChannel next = server.accept();
                connections.incrementAndGet();
                if (daemon != null) daemon.close();
                daemon = next;
                // type 106, an inventory of nothing
                next.write(ByteBuffer.wrap(new byte[] {5, 0, 0, 0, 106, 0, 0, 0, 0}));
            }
        } catch (ClosedChannelException e) {
            // the test is over
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aKeeperThatTakesItsTimeToStartGetsOneConnection() throws Exception {
        Properties properties = new Properties();
        properties.putAll(Map.of("name", "n2", "address", "127.0.0.1"));
        AtomicInteger connections = new AtomicInteger();
        Path socket = directory.resolve("keeper.sock");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            var late = Thread.ofPlatform().daemon().start(() -> {
                try {
                    Thread.sleep(KEEPER_START_MILLIS); // longer than the loop's second
                    server.bind(UnixDomainSocketAddress.of(socket));
                    serve(server, connections);
                } catch (InterruptedException | IOException e) {
                    throw new AssertionError(e);
                }
            });
            var setup = new Keeper.Setup(Path.of("/bin/true"), Path.of("/bin/true"), directory, "");
            try (GuestHost host = new GuestHost(DaemonConfig.parse(properties, "test"), setup, new NoHome())) {
                Thread.sleep(WATCHED_MILLIS);
                assertEquals(1, connections.get(), "each of several connections ends the one before, for ever");
                assertEquals(0, host.guestCount());
            }
            server.close();
            late.join();
        }
    }

    private static final class NoHome implements GuestHost.ToHome {
        @Override
        public void send(NodeId home, JobMessage message) {
            fail("there is no home to speak to: " + message);
        }

        @Override
        public boolean send(NodeId home, LinkClass linkClass, ByteBuf fileFrame) {
            return fail("there is no home to speak to");
        }
    }
}
