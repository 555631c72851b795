package drover.daemon.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.daemon.config.DaemonConfig;
import drover.daemon.guest.HeardAtHome.Heard;
import drover.daemon.links.ImageLinks;
import drover.daemon.network.GuestDevices;
import drover.daemon.network.PacketPump;
import drover.homefs.cache.BlockStore;
import drover.model.Credentials;
import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.model.Openness;
import drover.protocol.Wire;
import drover.protocol.job.GuestNetwork;
import drover.protocol.job.JobMessage.GuestFailed;
import drover.protocol.job.JobMessage.GuestStarted;
import drover.protocol.job.JobMessage.KillGuest;
import drover.protocol.job.JobMessage.Lease;
import drover.protocol.job.JobMessage.Missing;
import drover.protocol.job.JobMessage.Reconcile;
import drover.protocol.job.JobMessage.StartGuest;
import io.netty.buffer.Unpooled;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The host of guests on n2, with a keeper that the test plays, and homes of which is known what they hear.
@Timeout(60)
class GuestHostIT {
    private static final NodeId N1 = new NodeId("n1");
    private static final NodeId N2 = new NodeId("n2");
    private static final NodeId N9 = new NodeId("n9");
    private static final GuestKey FIRST = new GuestKey(new JobId(N1, 1), 1);
    private static final GuestKey SECOND = new GuestKey(new JobId(N1, 2), 3);
    private static final GuestKey OWN = new GuestKey(new JobId(N2, 9), 1);

    @TempDir
    Path directory;

    private final HeardAtHome homes = new HeardAtHome();
    private PlayedKeeper keeper;
    private GuestHost host;

    @BeforeEach
    void start() throws Exception {
        Properties properties = new Properties();
        properties.setProperty("name", "n2");
        properties.setProperty("address", "127.0.0.1");
        Path none = directory.resolve("none");
        keeper = new PlayedKeeper(directory.resolve("keeper.sock"));
        host = new GuestHost(
                DaemonConfig.parse(properties, "test"),
                () -> Openness.OPEN,
                new Keeper.Setup(none, none, directory, directory.resolve("images"), "", 100),
                new BlockStore(directory.resolve("content"), 1 << 20),
                new GuestDevices(new PacketPump(), new NoPackets()),
                homes,
                new ImageLinks(null));
        keeper.accept();
    }

    @AfterEach
    void stop() throws Exception {
        host.close();
        keeper.close();
    }

    private void keeperHolds(GuestKey... guests) throws Exception {
        keeper.say(KeeperMessage.INVENTORY, out -> {
            out.writeIntLE(guests.length);
            for (GuestKey guest : guests) {
                Wire.writeKey(out, guest);
                out.writeByte(1).writeIntLE(70 + (int) guest.job().number()).writeLongLE(4_000_000_000L);
            }
        });
    }

    private static StartGuest start(GuestKey guest) {
        return new StartGuest(
                guest, new Credentials(1000, 1000, List.of()), 0, GuestNetwork.NONE, false, Unpooled.buffer());
    }

    /// Types of what the keeper is told up to the lease, which is the last. The host answers another home only when
    /// it knows what the keeper holds.
    private List<Integer> toldUntilLease() throws Exception {
        host.message(N9, new Reconcile(List.of()));
        assertEquals(new Heard(N9, new Missing(List.of())), homes.next());
        host.message(N1, new Lease(Duration.ofSeconds(5)));
        List<Integer> types = new ArrayList<>();
        for (int type = keeper.next().type();
                type != PlayedKeeper.LEASE;
                type = keeper.next().type()) types.add(type);
        return types;
    }

    @Test
    void aRestartedDaemonFindsItsGuestsAndMountsTheirHomeOnce() throws Exception {
        keeperHolds(FIRST, SECOND);
        host.message(N1, new Reconcile(List.of(FIRST, SECOND)));
        assertEquals(new Heard(N1, new Missing(List.of())), homes.next());
        List<Object> started = List.of(homes.next().message(), homes.next().message());
        assertTrue(
                started.containsAll(List.of(new GuestStarted(FIRST, 71), new GuestStarted(SECOND, 72))), "" + started);
        assertEquals(2, host.guestCount());
        assertEquals(
                List.of(PlayedKeeper.MOUNT),
                toldUntilLease(),
                "each mount brings a server of the same requests: the answers to one of two are lost");
    }

    @Test
    void aHomesGuestsThatItDoesNotKnowAreKilledAndTheOthersAreMissing() throws Exception {
        keeperHolds(FIRST);
        host.message(N1, new Reconcile(List.of(SECOND)));
        assertEquals(new Heard(N1, new Missing(List.of(SECOND))), homes.next());
        assertEquals(FIRST, Wire.readKey(keeper.next(PlayedKeeper.KILL).rest()));
        assertEquals(0, host.guestCount());
    }

    @Test
    void guestsThatWaitForAMountWhichFailsAreFailed() throws Exception {
        keeperHolds();
        host.message(N1, start(FIRST));
        host.message(N1, start(SECOND));
        assertEquals(List.of(PlayedKeeper.MOUNT), toldUntilLease());
        assertEquals(2, host.guestCount());
        keeper.say(KeeperMessage.MOUNTED, out -> {
            Wire.writeString(out, "n1");
            out.writeIntLE(12).writeLongLE(0).writeByte(0);
        });
        String why = "n2 cannot mount the files of n1: errno 12";
        assertEquals(new Heard(N1, new GuestFailed(FIRST, 125, why)), homes.next());
        assertEquals(new Heard(N1, new GuestFailed(SECOND, 125, why)), homes.next());
        assertEquals(0, host.guestCount());
    }

    private static StartGuest startOwn(boolean neverMoves) {
        return new StartGuest(
                OWN, new Credentials(1000, 1000, List.of()), 0, GuestNetwork.NONE, neverMoves, Unpooled.buffer());
    }

    private void assertIsStartedOnOwnFiles() throws InterruptedException {
        PlayedKeeper.Said said = keeper.next();
        assertEquals(PlayedKeeper.START, said.type());
        assertEquals(OWN, Wire.readKey(said.rest()));
        assertEquals(0, Wire.readU8(said.rest()), "the homefs is not its root");
    }

    @Test
    void aGuestAtHomeThatNeverMovesNeedsNoMount() throws Exception {
        keeperHolds();
        host.message(N2, startOwn(true));
        assertIsStartedOnOwnFiles();
        keeper.say(KeeperMessage.STARTED, out -> {
            Wire.writeKey(out, OWN);
            out.writeIntLE(90).writeIntLE(91).writeLongLE(4_000_000_000L);
        });
        assertEquals(new Heard(N2, new GuestStarted(OWN, 90)), homes.next());
    }

    @Test
    void aGuestAtHomeHasHomesOwnFilesIfTheyCannotBeMounted() throws Exception {
        keeperHolds();
        host.message(N2, startOwn(false));
        assertEquals(PlayedKeeper.MOUNT, keeper.next().type());
        keeper.say(KeeperMessage.MOUNTED, out -> {
            Wire.writeString(out, "n2");
            out.writeIntLE(19).writeLongLE(0).writeByte(0);
        });
        assertIsStartedOnOwnFiles();
    }

    @Test
    void aHomeSpeaksOfItsOwnGuestsOnly() throws Exception {
        keeperHolds(FIRST);
        host.message(new NodeId("n3"), new KillGuest(FIRST));
        assertEquals(List.of(PlayedKeeper.MOUNT), toldUntilLease());
        assertEquals(1, host.guestCount());
    }

    @Test
    void guestsOfAKeeperThatIsGoneAreMissing() throws Exception {
        keeperHolds(FIRST);
        keeper.next(PlayedKeeper.MOUNT);
        keeper.hangUp();
        assertEquals(new Heard(N1, new Missing(List.of(FIRST))), homes.next());
        assertEquals(0, host.guestCount());
    }
}
