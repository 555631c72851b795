package drover.protocol.mtls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsIdentityIT {
    private final TestAuthority authority = new TestAuthority("test-1");

    /// The client's word for how the exchange of one byte each way went.
    private static String exchange(TlsIdentity server, SSLContext client) throws Exception {
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        ChannelFuture listening = new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .childHandler(new Answering(server))
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync();
        int port = ((InetSocketAddress) listening.channel().localAddress()).getPort();
        try (var socket = (SSLSocket) client.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(7);
            int answer = socket.getInputStream().read();
            return answer == 7 ? socket.getSession().getProtocol() : "closed";
        } catch (IOException e) {
            return "refused: " + e.getMessage();
        } finally {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
    }

    /// Says again what it hears, as the accepting side of a link would hear it.
    private static final class Answering extends ChannelInitializer<Channel> {
        private final TlsIdentity identity;

        Answering(TlsIdentity identity) {
            this.identity = identity;
        }

        @Override
        protected void initChannel(Channel channel) {
            channel.pipeline().addLast(identity.nettyServer().newHandler(channel.alloc()), new Answer());
        }
    }

    private static final class Answer extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            var _ = context.writeAndFlush(message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            var _ = context.close(); // the client tells
        }
    }

    @Test
    void twoNodesOfTheClusterTalk() throws Exception {
        var n1 = new TlsIdentity(authority.issue("n1"), Revocations.NONE);
        var n2 = new TlsIdentity(authority.issue("n2"), Revocations.NONE);
        assertEquals("TLSv1.3", exchange(n1, n2.enrolmentContext()));
    }

    @Test
    void aClientWithoutACertificateIsRefused() throws Exception {
        var n1 = new TlsIdentity(authority.issue("n1"), Revocations.NONE);
        SSLContext nobody = SSLContext.getInstance("TLS");
        nobody.init(null, new TrustManager[] {new ClusterTrust(n1::material, Revocations.NONE)}, null);
        assertTrue(exchange(n1, nobody).startsWith("refused"));
    }

    @Test
    void anExpiredCertificateIsRefusedAndAnotherClusters() throws Exception {
        var n1 = new TlsIdentity(authority.issue("n1"), Revocations.NONE);
        Instant now = Instant.now();
        var expired = authority.issue("CN=n2,O=test-1", now.minusSeconds(3600), now.minusSeconds(1));
        var other = new TestAuthority("test-1").issue("n2");
        for (IdentityMaterial shown : List.of(expired, other)) {
            SSLContext client = SSLContext.getInstance("TLS");
            client.init(
                    new KeyManager[] {new CurrentKey(() -> shown)},
                    new TrustManager[] {new ClusterTrust(n1::material, Revocations.NONE)},
                    null);
            assertTrue(exchange(n1, client).startsWith("refused"), shown.toString());
        }
    }

    @Test
    void aRevocationWorksWithinSecondsAlsoAgainstASessionThatCouldBeResumed() throws Exception {
        Set<BigInteger> revoked = new HashSet<>();
        var n1 = new TlsIdentity(authority.issue("n1"), certificate -> revoked.contains(certificate.getSerialNumber()));
        var n2 = new TlsIdentity(authority.issue("n2"), Revocations.NONE);
        assertEquals("TLSv1.3", exchange(n1, n2.enrolmentContext()));
        revoked.add(n2.material().certificate().getSerialNumber());
        Thread.sleep(2_100); // a session lives one second
        assertTrue(exchange(n1, n2.enrolmentContext()).startsWith("refused"));
    }

    @Test
    void aRenewedCertificateIsShownByContextsMadeBefore() throws Exception {
        Set<BigInteger> revoked = new HashSet<>();
        var n1 = new TlsIdentity(authority.issue("n1"), certificate -> revoked.contains(certificate.getSerialNumber()));
        var n2 = new TlsIdentity(authority.issue("n2"), Revocations.NONE);
        SSLContext madeBefore = n2.enrolmentContext();
        revoked.add(n2.material().certificate().getSerialNumber());
        assertTrue(exchange(n1, madeBefore).startsWith("refused"));
        n2.replace(authority.issue("n2"));
        assertEquals("TLSv1.3", exchange(n1, madeBefore));
    }

    @Test
    void anIdentityOfAnotherNodeDoesNotReplaceThis() {
        var n2 = new TlsIdentity(authority.issue("n2"), Revocations.NONE);
        assertThrows(IllegalArgumentException.class, () -> n2.replace(authority.issue("n3")));
        assertEquals("n2", n2.node().name());
    }

    @Test
    void theIdentityComesBackFromItsFileWhichOnlyItsOwnerReads(@TempDir Path state) throws Exception {
        Path directory = state.resolve("identity");
        IdentityMaterial material = authority.issue("n1");
        IdentityFiles.write(directory, material);
        assertEquals(material, TlsIdentity.load(directory, Revocations.NONE).material());
        Path file = IdentityFiles.nodePem(directory);
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)));
        try (var left = Files.list(directory)) {
            assertEquals(List.of(file), left.toList());
        }
    }

    @Test
    void aDamagedFileIsNamed(@TempDir Path directory) throws Exception {
        IdentityFiles.write(directory, authority.issue("n1"));
        Path file = IdentityFiles.nodePem(directory);
        Files.writeString(
                file, Files.readString(file).replaceFirst("-----BEGIN CERT[^ ]*-----[^-]*-----END [^-]*-----", ""));
        var thrown = assertThrows(IOException.class, () -> TlsIdentity.load(directory, Revocations.NONE));
        assertTrue(thrown.getMessage().contains(file.toString()), thrown.getMessage());
    }

    @Test
    void aKeyThatIsNotTheCertificatesIsRefused() {
        IdentityMaterial n1 = authority.issue("n1");
        assertThrows(
                IllegalArgumentException.class,
                () -> new IdentityMaterial(TestAuthority.newKeys().getPrivate(), n1.certificate(), n1.authorities()));
    }
}
