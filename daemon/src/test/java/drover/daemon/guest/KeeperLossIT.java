package drover.daemon.guest;

import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.daemon.config.DaemonConfig;
import drover.model.NodeId;
import drover.protocol.job.JobMessage;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a daemon does when its keeper breaks the connection.
@Timeout(60)
class KeeperLossIT {
    @TempDir
    Path directory;

    @Test
    void aKeeperThatBreaksEveryConnectionIsNotCalledWithoutPause() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        Properties properties = new Properties();
        properties.putAll(Map.of("name", "n1", "address", "127.0.0.1"));
        DaemonConfig config = DaemonConfig.parse(properties, "test");
        Path none = directory.resolve("none");
        try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(directory.resolve("keeper.sock")));
            Thread keeper = Thread.ofPlatform().daemon().start(() -> breakAll(listener, calls));
            try (GuestHost _ = new GuestHost(config, new Keeper.Setup(none, none, directory, ""), new Nobody())) {
                long begun = System.nanoTime();
                while (calls.get() < 4 && System.nanoTime() - begun < 40_000_000_000L) Thread.sleep(10);
                double seconds = (System.nanoTime() - begun) / 1e9;
                assertTrue(calls.get() >= 4, "it is tried again, got " + calls.get());
                assertTrue(seconds > 1.9, "once a second, got " + calls.get() + " in " + seconds + " s");
            }
            keeper.interrupt();
        }
    }

    private static void breakAll(ServerSocketChannel listener, AtomicInteger calls) {
        try {
            while (true) {
                try (SocketChannel _ = listener.accept()) {
                    calls.incrementAndGet();
                }
            }
        } catch (java.io.IOException e) {
            Thread.currentThread().interrupt(); // the test is over
        }
    }

    private static final class Nobody implements GuestHost.ToHome {
        @Override
        public void send(NodeId home, JobMessage message) {}

        @Override
        public boolean send(NodeId home, LinkClass linkClass, ByteBuf fileFrame) {
            fileFrame.release();
            return false;
        }
    }
}
