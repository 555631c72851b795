package drover.protocol.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import drover.model.AddressRange;
import drover.model.Credentials;
import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.protocol.WireException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.List;
import org.junit.jupiter.api.Test;

class GuestNetworkTest {
    private static final GuestKey GUEST = new GuestKey(new JobId(new NodeId("n1"), 7), 2);
    private static final Credentials ROOT = new Credentials(0, 0, List.of());

    private static ByteBuf encoded(GuestNetwork network) {
        ByteBuf spec = Unpooled.wrappedBuffer(new byte[] {1, 2, 3});
        return JobCodec.encode(
                new JobMessage.StartGuest(GUEST, ROOT, 0, network, false, spec), UnpooledByteBufAllocator.DEFAULT);
    }

    @Test
    void eachNetworkArrivesAsItWasSentAndTheSpecBehindIt() {
        for (GuestNetwork network : List.of(
                GuestNetwork.NONE,
                GuestNetwork.OF_NODE,
                new GuestNetwork.OfHome(0xc6120005, "", ""),
                new GuestNetwork.OfHome(0xc6120005, "/etc/resolv.conf", "nameserver 198.18.0.1\n"))) {
            var start = assertInstanceOf(JobMessage.StartGuest.class, JobCodec.decode(encoded(network)));
            assertEquals(network, start.network());
            assertEquals(3, start.spec().readableBytes());
        }
    }

    @Test
    void aGuestThatMovesTakesItAlong() {
        GuestNetwork network = new GuestNetwork.OfHome(0xc6120005, "/etc/resolv.conf", "nameserver 198.18.0.1\n");
        var prepare = new JobMessage.PrepareGuest(GUEST, new NodeId("n2"), ROOT, network);
        assertEquals(prepare, JobCodec.decode(JobCodec.encode(prepare, UnpooledByteBufAllocator.DEFAULT)));
    }

    @Test
    void theAddressIsInTheNetworksByteOrder() {
        ByteBuf out = Unpooled.buffer();
        JobCodec.writeNetwork(
                out, new GuestNetwork.OfHome(AddressRange.parse("10.1.2.0/29").ofJob(0), "", ""));
        assertEquals(10, out.getByte(1));
        assertEquals(2, out.getByte(4));
    }

    @Test
    void anUnknownKindIsRefused() {
        ByteBuf bytes = encoded(GuestNetwork.NONE);
        bytes.setByte(bytes.writerIndex() - 4, 9);
        assertThrows(WireException.class, () -> JobCodec.decode(bytes));
    }
}
