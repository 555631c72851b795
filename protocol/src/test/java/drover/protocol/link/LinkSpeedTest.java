package drover.protocol.link;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class LinkSpeedTest {
    private static final long WHILE = 50_000_000;
    private final LinkSpeed speed = new LinkSpeed();
    private long nanos = -7;
    private long acked;
    private long unsent = 1;
    private long busyMicros;
    private long peerFullMicros;
    private double busy = 1;
    private double peerFull;

    /// Another while in which so many bytes a second were acknowledged.
    private void passed(long bytesPerSecond) {
        nanos += WHILE;
        acked += bytesPerSecond / 20;
        busyMicros += (long) (busy * WHILE / 1_000);
        peerFullMicros += (long) (peerFull * WHILE / 1_000);
        look();
    }

    private void look() {
        speed.seen(new LinkSpeed.TcpInfo(acked, unsent, busyMicros, peerFullMicros), nanos);
    }

    private void assertUnknown() {
        assertEquals(Double.POSITIVE_INFINITY, speed.bytesPerSecond());
    }

    @Test
    void theKernelsStructureIsRead() {
        ByteBuffer raw = ByteBuffer.allocate(192).order(ByteOrder.nativeOrder());
        raw.putLong(120, 1).putInt(144, -2).putLong(168, 3).putLong(176, 4);
        assertEquals(new LinkSpeed.TcpInfo(1, 0xfffffffeL, 3, 4), LinkSpeed.TcpInfo.of(raw));
    }

    @Test
    void nothingIsSaidOfOneWhileAlone() {
        look();
        passed(12_000_000);
        assertUnknown();
        passed(12_000_000);
        assertEquals(12e6, speed.bytesPerSecond(), 1);
    }

    @Test
    void theGreatestOfTheLastFewCounts() {
        look();
        passed(900_000);
        for (int i = 1; i <= 5; i++) passed(10_000L * i);
        assertEquals(900e3, speed.bytesPerSecond(), 1);
        passed(5_000);
        assertEquals(50e3, speed.bytesPerSecond(), 1);
        for (int i = 0; i < 100; i++) passed(1_000);
        assertEquals(1e3, speed.bytesPerSecond(), 1);
    }

    @Test
    void aWhileWithNothingMoreToSendSaysNothing() {
        busy = 0.5;
        look();
        for (int i = 0; i < 10; i++) passed(12_000_000);
        assertUnknown();
    }

    @Test
    void aLookWithNothingUnsentSaysNothing() {
        unsent = 0;
        look();
        for (int i = 0; i < 10; i++) passed(12_000_000);
        assertUnknown();
    }

    @Test
    void aWhileInWhichThePeerHadNoRoomSaysNothing() {
        peerFull = 0.3;
        look();
        for (int i = 0; i < 10; i++) passed(12_000_000);
        assertUnknown();
    }

    @Test
    void aPauseIsNoWhile() {
        look();
        for (int i = 0; i < 10; i++) {
            nanos += 2_000_000_000L;
            busyMicros += 2_000_000;
            acked += 1_000;
            look();
        }
        assertUnknown();
    }
}
