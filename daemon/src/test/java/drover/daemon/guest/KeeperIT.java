package drover.daemon.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.Credentials;
import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.protocol.Wire;
import drover.protocol.job.GuestNetwork;
import drover.protocol.job.JobMessage.StartGuest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The daemon's side of the connection to the keeper, byte by byte: the C side reads and writes the same.
@Timeout(60)
class KeeperIT {
    private static final NodeId N1 = new NodeId("n1");
    private static final GuestKey GUEST = new GuestKey(new JobId(N1, 42), 3);

    @TempDir
    Path directory;

    private final LinkedBlockingQueue<Object> heard = new LinkedBlockingQueue<>();
    private PlayedKeeper other;
    private Keeper keeper;

    @BeforeEach
    void connect() throws Exception {
        Path none = directory.resolve("none");
        other = new PlayedKeeper(directory.resolve("keeper.sock"));
        keeper = new Keeper(new Keeper.Setup(none, none, directory, directory.resolve("images"), "", 100), new Heard());
        other.accept();
    }

    @AfterEach
    void close() throws Exception {
        keeper.close();
        other.close();
    }

    private Object hear() throws InterruptedException {
        Object next = heard.poll(20, TimeUnit.SECONDS);
        if (next == null) throw new AssertionError("nothing is heard");
        return next;
    }

    private static byte[] failure(String reason) {
        return PlayedKeeper.frame(KeeperMessage.START_FAILED, out -> {
            Wire.writeKey(out, GUEST);
            out.writeByte(127);
            Wire.writeString(out, reason);
        });
    }

    @Test
    void messagesAreWholeHoweverTheyArrive() throws Exception {
        byte[] two = Unpooled.wrappedBuffer(failure("first"), failure("second"))
                .copy()
                .array();
        for (byte one : two) other.write(new byte[] {one});
        other.write(two);
        for (String reason : List.of("first", "second", "first", "second"))
            assertEquals(new KeeperMessage.StartFailed(GUEST, 127, reason), hear());
    }

    @Test
    void aMessageNobodyKnowsIsPassedOver() throws Exception {
        other.say(99, out -> out.writeIntLE(7));
        other.write(failure("next"));
        assertEquals(new KeeperMessage.StartFailed(GUEST, 127, "next"), hear());
    }

    @Test
    void aLengthThatCannotBeEndsTheConnectionBeforeMemoryIsTaken() throws Exception {
        other.write(new byte[] {0, 0, 0, 0x7f});
        String reason = (String) hear();
        assertTrue(reason.contains("out of range"), reason);
    }

    @Test
    void aKeeperThatHangsUpIsLost() throws Exception {
        other.hangUp();
        assertEquals("it closed the connection", hear());
    }

    @Test
    void theKeeperIsToldWhatToStart() throws Exception {
        byte[] spec = {1, 2, 3};
        keeper.start(
                new StartGuest(
                        GUEST,
                        new Credentials(1000, 1001, List.of(4, 24)),
                        5L << 30,
                        GuestNetwork.OF_NODE,
                        false,
                        Unpooled.wrappedBuffer(spec)),
                true,
                100);
        PlayedKeeper.Said said = other.next();
        assertEquals(PlayedKeeper.START, said.type());
        ByteBuf in = said.rest();
        assertEquals(GUEST, Wire.readKey(in));
        assertEquals(1, Wire.readU8(in), "home's files");
        assertEquals(1000, Wire.readI32(in), "uid");
        assertEquals(1001, Wire.readI32(in), "gid");
        assertEquals(2, Wire.readI32(in), "groups");
        assertEquals(4, Wire.readI32(in));
        assertEquals(24, Wire.readI32(in));
        assertEquals("n1", Wire.readString(in));
        assertEquals(5L << 30, Wire.readI64(in), "memory");
        assertEquals(100, Wire.readI32(in), "weight");
        assertEquals(1, Wire.readU8(in), "node's network");
        byte[] rest = new byte[in.readableBytes()];
        in.readBytes(rest);
        assertTrue(Arrays.equals(spec, rest));
    }

    @Test
    void aLeaseIsInMilliseconds() throws Exception {
        keeper.lease(N1, Duration.ofSeconds(10));
        ByteBuf in = other.next(PlayedKeeper.LEASE).rest();
        assertEquals("n1", Wire.readString(in));
        assertEquals(10_000, Wire.readI64(in));
        assertEquals(0, in.readableBytes());
    }

    private final class Heard implements Keeper.Listener {
        @Override
        public void message(KeeperMessage message, IntSupplier takeDescriptor) {
            heard.add(message);
        }

        @Override
        public void lost(String reason) {
            heard.add(reason);
        }
    }
}
