package drover.daemon.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.daemon.config.DaemonConfig;
import drover.daemon.links.ImageLinks;
import drover.daemon.network.GuestDevices;
import drover.daemon.network.PacketPump;
import drover.homefs.cache.BlockStore;
import drover.model.Openness;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Properties;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// How the daemon holds on to its keeper. The other end is a socket that does what the keeper does with a new
/// connection: it replaces the old one.
@Timeout(60)
class KeeperConnectionIT {
    @TempDir
    Path run;

    private final Semaphore connections = new Semaphore(0);
    private ServerSocketChannel listener;
    private volatile SocketChannel present;
    private volatile boolean breakAll;

    @BeforeEach
    void listen() throws IOException {
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(run.resolve("not-yet.sock")));
        Thread.ofVirtual().start(this::replaceOldByNew);
    }

    @AfterEach
    void close() throws IOException {
        listener.close();
        if (present != null) present.close();
    }

    private void replaceOldByNew() {
        try {
            while (true) {
                SocketChannel fresh = listener.accept();
                if (present != null) present.close();
                present = fresh;
                if (breakAll) fresh.close();
                connections.release();
            }
        } catch (IOException e) {
            return; // closed at the end
        }
    }

    /// A loaded machine takes longer than a tick to start the keeper.
    private GuestHost hostWhoseKeeperNeeds(String seconds) throws Exception {
        Path program = run.resolve("keeper");
        Files.writeString(program, "#!/bin/sh\nsleep " + seconds + "\nmv \"$4/not-yet.sock\" \"$2\"\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        Properties properties = new Properties();
        properties.setProperty("name", "n1");
        properties.setProperty("address", "127.0.0.1");
        return new GuestHost(
                DaemonConfig.parse(properties, "test"),
                () -> Openness.OPEN,
                new Keeper.Setup(program, run.resolve("init"), run, run.resolve("images"), "", 100),
                new BlockStore(run.resolve("content"), 1 << 20),
                new GuestDevices(new PacketPump(), new NoPackets()),
                new HeardAtHome(),
                new ImageLinks(null));
    }

    @Test
    void aKeeperThatIsSlowToStartIsConnectedToOnce() throws Exception {
        GuestHost host = hostWhoseKeeperNeeds("2.5");
        try {
            assertTrue(connections.tryAcquire(10, TimeUnit.SECONDS), "there is a connection");
            boolean another = connections.tryAcquire(2, TimeUnit.SECONDS);
            assertEquals(0, connections.availablePermits() + (another ? 1 : 0), "further connections");
        } finally {
            host.close();
        }
    }

    @Test
    void aConnectionThatBreaksIsMadeAgainOnce() throws Exception {
        GuestHost host = hostWhoseKeeperNeeds("0");
        try {
            assertTrue(connections.tryAcquire(10, TimeUnit.SECONDS), "there is a connection");
            present.close();
            assertTrue(connections.tryAcquire(10, TimeUnit.SECONDS), "there is another");
            boolean third = connections.tryAcquire(2, TimeUnit.SECONDS);
            assertEquals(0, connections.availablePermits() + (third ? 1 : 0), "further connections");
        } finally {
            host.close();
        }
    }

    @Test
    void aKeeperThatBreaksEveryConnectionIsNotCalledWithoutPause() throws Exception {
        breakAll = true;
        GuestHost host = hostWhoseKeeperNeeds("0");
        try {
            long begun = System.nanoTime();
            assertTrue(connections.tryAcquire(4, 40, TimeUnit.SECONDS), "it is tried again");
            double seconds = (System.nanoTime() - begun) / 1e9;
            assertTrue(seconds > 1.9, "once a second, got 4 in " + seconds + " s");
        } finally {
            host.close();
        }
    }
}
