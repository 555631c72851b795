package drover.daemon.membership.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.daemon.membership.MemberState;
import drover.daemon.membership.Membership;
import drover.daemon.membership.MembershipConfig;
import drover.daemon.membership.PeerFile;
import drover.daemon.membership.TestCertificates;
import drover.model.NodeId;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jgroups.Address;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The port of the membership: whoever is not of this cluster, or is and does not talk like a member, gets its link
/// closed, and the members go on seeing and hearing each other.
class HostileMemberIT {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int TOPIC = 7;
    private static final InetSocketAddress PORT = new InetSocketAddress("127.0.89.1", 7412);

    @TempDir
    private static Path dir;

    private static final TestCertificates AUTHORITY = new TestCertificates();
    private static final Semaphore HEARD = new Semaphore(0);
    private static Membership n1;
    private static Membership n2;

    @BeforeAll
    static void twoMembers() throws Exception {
        n1 = member("n1", PORT, "");
        n1.receive(TOPIC, (from, message) -> {
            if (from.name().equals("n2") && message.length == 3) HEARD.release();
        });
        n2 = member("n2", new InetSocketAddress("127.0.89.2", 7412), "n1=127.0.89.1:7412\n");
        awaitEachOther();
    }

    @AfterAll
    static void stop() {
        if (n2 != null) n2.close();
        if (n1 != null) n1.close();
    }

    private static Membership member(String name, InetSocketAddress at, String peers) throws Exception {
        Path file = Files.writeString(dir.resolve(name + ".peers"), peers);
        InetSocketAddress data = new InetSocketAddress(at.getAddress(), 7410);
        MembershipConfig config = MembershipConfig.of("test", new NodeId(name), at, at, data);
        LinkTls tls = TestCertificates.links(AUTHORITY.write(dir, name));
        Membership member = new Membership(config, tls, PeerFile.open(file), InstantSource.system());
        member.start();
        return member;
    }

    private static void awaitEachOther() throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!(sees(n1, "n2") && sees(n2, "n1"))) {
            assertTrue(System.nanoTime() - deadline < 0, "n1 sees " + n1.members() + ", n2 sees " + n2.members());
            Thread.sleep(20);
        }
    }

    private static boolean sees(Membership one, String other) {
        return one.member(new NodeId(other))
                .filter(it -> it.state() == MemberState.UP)
                .isPresent();
    }

    /// The attacked one still hears, and nobody took it for dead.
    @AfterEach
    void theMembersGoOn() throws Exception {
        awaitEachOther();
        HEARD.drainPermits();
        assertTrue(n2.send(new NodeId("n1"), TOPIC, new byte[] {1, 2, 3}));
        assertTrue(HEARD.tryAcquire(PATIENCE.toMillis(), TimeUnit.MILLISECONDS), "n1 hears n2");
    }

    private interface Talk {
        void to(DataOutputStream out) throws IOException;
    }

    /// Dials n1 with these certificates, talks, and waits until n1 closes the link; it never says anything itself.
    private static void closedAfter(SSLContext context, Talk talk) throws Exception {
        try (Socket plain = new Socket(PORT.getAddress(), PORT.getPort());
                SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(plain, "n1", 7412, true)) {
            tls.setEnabledProtocols(new String[] {"TLSv1.3"});
            tls.setSoTimeout(Math.toIntExact(PATIENCE.toMillis()));
            assertEquals(-1, end(tls, talk), "it answers");
        }
    }

    private static int end(SSLSocket tls, Talk talk) throws IOException {
        try {
            talk.to(new DataOutputStream(tls.getOutputStream()));
            return tls.getInputStream().read();
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the link stands after " + PATIENCE, e);
        } catch (IOException e) {
            return -1; // it was closed while something was still on its way
        }
    }

    private static SSLContext certificateOf(String node) throws Exception {
        return TestCertificates.load(AUTHORITY.write(dir, node));
    }

    private static void greet(DataOutputStream out, Address as) throws IOException {
        ByteBuf greeting = Unpooled.buffer();
        Greeting.write(greeting, as);
        greeting.readBytes(out, greeting.readableBytes());
    }

    private static Address address(String node) {
        InetSocketAddress at = new InetSocketAddress("127.0.89.9", 7412);
        return new MemberAddress(new NodeId(node), at, new InetSocketAddress(at.getAddress(), 7410))
                .toGroupAddress(Instant.now());
    }

    @Test
    void whoShowsNoCertificate() throws Exception {
        SSLContext none = TestCertificates.loadWithoutKey(AUTHORITY.write(dir, "n9"));
        closedAfter(none, out -> greet(out, address("n9")));
    }

    @Test
    void whoGivesAnothersName() throws Exception {
        closedAfter(certificateOf("n9"), out -> greet(out, address("n2")));
    }

    @Test
    void whoSpeaksAnotherProtocol() throws Exception {
        closedAfter(certificateOf("n9"), out -> out.writeBytes("GET / HTTP/1.1\r\nHost: n1\r\n\r\n"));
    }

    @Test
    void whoSpeaksAVersionOfTheFuture() throws Exception {
        closedAfter(certificateOf("n9"), out -> {
            out.writeInt(Greeting.MAGIC);
            out.writeShort(Greeting.VERSION + 1);
            out.writeShort(0);
        });
    }

    @Test
    void whoseGreetingIsTooLong() throws Exception {
        closedAfter(certificateOf("n9"), out -> {
            out.writeInt(Greeting.MAGIC);
            out.writeShort(Greeting.VERSION);
            out.writeShort(0xffff);
        });
    }

    @Test
    void whoseGreetingNeverEnds() throws Exception {
        closedAfter(certificateOf("n9"), out -> {
            out.writeInt(Greeting.MAGIC);
            out.flush();
        });
    }

    @Test
    void whoseGreetingIsGarbage() throws Exception {
        Random random = new Random(89);
        for (int i = 0; i < 50; i++) {
            byte[] body = new byte[random.nextInt(512)];
            random.nextBytes(body);
            closedAfter(certificateOf("n9"), out -> {
                out.writeInt(Greeting.MAGIC);
                out.writeShort(Greeting.VERSION);
                out.writeShort(body.length);
                out.write(body);
                out.writeInt(-1); // if it passed for a greeting
            });
        }
    }

    @Test
    void whoseFrameIsTooLong() throws Exception {
        for (int length : new int[] {TlsTransport.FRAME_LIMIT_BYTES + 1, Integer.MAX_VALUE, -1, Integer.MIN_VALUE})
            closedAfter(certificateOf("n9"), out -> {
                greet(out, address("n9"));
                out.writeInt(length);
                out.flush();
            });
    }

    @Test
    void whoseFrameIsOfNoKind() throws Exception {
        for (int kind : new int[] {Word.values().length, 127, -1, -128})
            closedAfter(certificateOf("n9"), out -> {
                greet(out, address("n9"));
                out.writeInt(1);
                out.writeByte(kind);
                out.flush();
            });
    }

    @Test
    void whoseFrameIsCutShort() throws Exception {
        try (Socket plain = new Socket(PORT.getAddress(), PORT.getPort());
                SSLSocket tls =
                        (SSLSocket) certificateOf("n9").getSocketFactory().createSocket(plain, "n1", 7412, true)) {
            var out = new DataOutputStream(tls.getOutputStream());
            greet(out, address("n9"));
            out.writeInt(1000);
            out.write(new byte[500]);
            out.flush();
        }
    }

    @Test
    void whoseFramesAreGarbage() throws Exception {
        Random random = new Random(90);
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        DataOutputStream all = new DataOutputStream(frames);
        for (int i = 0; i < 2000; i++) {
            byte[] frame = new byte[1 + random.nextInt(i % 100 == 0 ? TlsTransport.FRAME_LIMIT_BYTES - 1 : 200)];
            random.nextBytes(frame);
            frame[0] = (byte) random.nextInt(Word.values().length);
            if (i % 2 == 0 && frame.length > 4) { // the version that JGroups looks for first, so that it reads on
                frame[0] = Word.GROUP.code();
                frame[1] = (byte) (org.jgroups.Version.version >> 8);
                frame[2] = (byte) org.jgroups.Version.version;
            }
            all.writeInt(frame.length);
            all.write(frame);
        }
        all.writeInt(-1);
        closedAfter(certificateOf("n9"), out -> {
            greet(out, address("n9"));
            out.write(frames.toByteArray());
        });
    }
}
