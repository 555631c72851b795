package drover.daemon.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.AddressRange;
import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.protocol.job.PacketFrame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which packets home lets through, between two jobs: that needs nothing of its kernel.
class HomeNetworkIT {
    private static final NodeId N1 = new NodeId("n1");
    private static final NodeId N2 = new NodeId("n2");
    private static final NodeId N3 = new NodeId("n3");
    private static final AddressRange RANGE = AddressRange.parse("198.18.0.0/15");
    private static final GuestKey SENDER = new GuestKey(new JobId(N1, 1), 2);
    private static final GuestKey RECEIVER = new GuestKey(new JobId(N1, 2), 5);

    @TempDir
    Path run;

    private final List<NodeId> sentTo = new ArrayList<>();
    private final List<GuestKey> acted = new ArrayList<>();
    private HomeNetwork network;

    private final PacketCarrier carrier = new PacketCarrier() {
        @Override
        public void toNode(NodeId node, ByteBuf frame) {
            assertTrue(PacketFrame.names(frame, RECEIVER));
            sentTo.add(node);
            frame.release();
        }

        @Override
        public void toHome(NodeId home, ByteBuf frame) {
            throw new AssertionError("this is home");
        }

        @Override
        public boolean homeTakes(NodeId home) {
            return true;
        }

        @Override
        public void connect(NodeId node) {}

        @Override
        public boolean reaches(NodeId node) {
            return true;
        }
    };

    @BeforeEach
    void twoJobs() throws Exception {
        network = new HomeNetwork(RANGE, acted::add, run, new PacketPump(), carrier);
        network.enter(SENDER, N2);
        network.enter(RECEIVER, N3);
    }

    private static ByteBuf packet(GuestKey guest, long sourceJob) {
        ByteBuf frame = Unpooled.buffer().writeZero(PacketFrame.KEY_BYTES + 10 + 20);
        frame.setByte(PacketFrame.KEY_BYTES + 10, 0x45);
        frame.setInt(PacketFrame.KEY_BYTES + 10 + 12, RANGE.ofJob(sourceJob));
        frame.setInt(PacketFrame.KEY_BYTES + 10 + 16, RANGE.ofJob(2));
        PacketFrame.name(frame, guest);
        return frame;
    }

    private void passes(NodeId from, ByteBuf frame) {
        sentTo.clear();
        network.fromNode(from, frame);
        assertEquals(List.of(N3), sentTo);
        assertEquals(1, frame.refCnt());
    }

    private void isDropped(NodeId from, ByteBuf frame) {
        sentTo.clear();
        network.fromNode(from, frame);
        assertEquals(List.of(), sentTo);
    }

    @Test
    void aPacketOfAPresentGuestFromItsNodePasses() {
        passes(N2, packet(SENDER, 1));
    }

    @Test
    void whoHasSentSomethingHasActedOnTheWorld() {
        isDropped(N3, packet(SENDER, 1));
        assertEquals(List.of(), acted);
        passes(N2, packet(SENDER, 1));
        assertEquals(List.of(SENDER), acted);
    }

    private static ByteBuf toPort53(int protocol, int kind) {
        ByteBuf frame = packet(SENDER, 1);
        frame.setByte(PacketFrame.KEY_BYTES + 10 + 9, protocol);
        return frame.writeShort(40_000)
                .writeShort(53)
                .writeInt(0)
                .writeShort(77)
                .writeByte(kind);
    }

    @Test
    void whoAskedForANameHasNot() {
        passes(N2, toPort53(17, 1));
        assertEquals(List.of(), acted);
        passes(N2, toPort53(17, 5 << 3)); // DNS UPDATE
        assertEquals(List.of(SENDER), acted);
        passes(N2, toPort53(6, 1));
        assertEquals(List.of(SENDER, SENDER), acted);
    }

    @Test
    void aForgedSourceIsDropped() {
        isDropped(N2, packet(SENDER, 2));
        isDropped(N2, packet(SENDER, 3));
    }

    @Test
    void aNodeSendsNothingForGuestsOfOtherNodes() {
        isDropped(N3, packet(SENDER, 1));
    }

    @Test
    void aFormerEpochSendsNothing() {
        isDropped(N2, packet(new GuestKey(SENDER.job(), 1), 1));
        network.leave(SENDER);
        isDropped(N2, packet(SENDER, 1));
    }

    @Test
    void theEndOfAFormerRunTakesNothingFromThePresentOne() {
        network.leave(new GuestKey(SENDER.job(), 1));
        passes(N2, packet(SENDER, 1));
    }

    @Test
    void whatIsNoPacketOfIpv4IsDropped() {
        isDropped(N2, packet(SENDER, 1).setByte(PacketFrame.KEY_BYTES + 10, 0x65));
        isDropped(N2, Unpooled.buffer().writeZero(PacketFrame.KEY_BYTES + 10 + 19));
    }
}
