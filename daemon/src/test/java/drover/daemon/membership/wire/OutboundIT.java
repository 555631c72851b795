package drover.daemon.membership.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.daemon.membership.TestCertificates;
import drover.model.NodeId;
import java.io.DataInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Instant;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jgroups.Address;
import org.jgroups.JChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A link that ends: nothing it took is lost, and it takes nothing more.
@Timeout(60)
class OutboundIT {
    private static final int FRAMES = 200; // fewer than its queue holds

    private final TestCertificates authority = new TestCertificates();

    private JChannel channel;

    @TempDir
    private Path dir;

    private SSLContext certificateOf(String node) throws Exception {
        return TestCertificates.load(authority.write(dir, node));
    }

    /// Of a channel that is not connected: it only says who it is, and how to dial.
    private TlsTransport transport() throws Exception {
        InetSocketAddress at = new InetSocketAddress("127.0.92.1", 7412);
        MemberAddress self = new MemberAddress(new NodeId("n1"), at, new InetSocketAddress(at.getAddress(), 7410));
        LinkTls tls = TestCertificates.links(authority.write(dir, "n1"));
        TlsTransport transport = new TlsTransport(at, self, tls, TransportConfig.DEFAULT, new Deaf());
        channel = new JChannel(transport);
        transport.setAddress(self.toGroupAddress(Instant.now()));
        return transport;
    }

    @AfterEach
    void close() {
        channel.close();
    }

    private static final class Deaf implements LinkObserver {
        @Override
        public void linkBegan(Address peer) {}

        @Override
        public void lastLinkEnded(Address peer) {}

        @Override
        public void refused(InetSocketAddress address) {}
    }

    @Test
    void whatWasQueuedArrivesAndThenAGoodbye() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            InetSocketAddress to = (InetSocketAddress) server.getLocalSocketAddress();
            Outbound link = new Outbound(to, transport(), TransportConfig.DEFAULT, () -> true);
            for (int i = 0; i < FRAMES; i++) assertTrue(link.offer(Word.FACT, new byte[] {(byte) i}));
            link.end();
            assertFalse(link.offer(Word.FACT, new byte[] {1}), "it takes nothing more");
            try (Socket plain = server.accept();
                    SSLSocket tls = (SSLSocket)
                            certificateOf("n2").getSocketFactory().createSocket(plain, "n1", plain.getPort(), true)) {
                tls.setUseClientMode(false);
                DataInputStream in = new DataInputStream(tls.getInputStream());
                assertEquals(Greeting.MAGIC, in.readInt());
                assertEquals(Greeting.VERSION, in.readShort());
                in.skipNBytes(in.readUnsignedShort());
                for (int i = 0; i < FRAMES; i++) {
                    assertEquals(2, in.readInt());
                    assertArrayEquals(new byte[] {Word.FACT.code(), (byte) i}, in.readNBytes(2));
                }
                assertEquals(TlsTransport.GOODBYE, in.readInt());
            }
        }
    }
}
