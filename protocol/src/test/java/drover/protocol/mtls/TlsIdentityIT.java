package drover.protocol.mtls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsIdentityIT {
    private final TestAuthority authority = new TestAuthority("test-1");

    /// The client's word for how the exchange of one byte each way went.
    private static String exchange(SSLContext server, SSLContext client) throws Exception {
        try (var listening =
                server.getServerSocketFactory().createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var served = CompletableFuture.runAsync(() -> {
                try (var accepted = (SSLSocket) listening.accept()) {
                    accepted.getOutputStream().write(accepted.getInputStream().read());
                } catch (IOException e) {
                    // the client tells
                }
            });
            try (var socket = (SSLSocket) client.getSocketFactory()
                    .createSocket(InetAddress.getLoopbackAddress(), listening.getLocalPort())) {
                socket.setSoTimeout(20_000);
                socket.getOutputStream().write(7);
                int answer = socket.getInputStream().read();
                served.join();
                return answer == 7 ? socket.getSession().getProtocol() : "closed";
            } catch (IOException e) {
                served.join();
                return "refused: " + e.getMessage();
            }
        }
    }

    @Test
    void twoNodesOfTheClusterTalkOverTheJsseContext() throws Exception {
        var n1 = new TlsIdentity(authority.issue("n1"), Revocations.NONE);
        var n2 = new TlsIdentity(authority.issue("n2"), Revocations.NONE);
        assertEquals("TLSv1.3", exchange(n1.jsseContext(), n2.jsseContext()));
    }

    @Test
    void aJsseServerRefusesAClientWithoutACertificateEvenIfItsMakerForgotToAsk() throws Exception {
        var n1 = new TlsIdentity(authority.issue("n1"), Revocations.NONE);
        SSLContext nobody = SSLContext.getInstance("TLS");
        nobody.init(null, new TrustManager[] {new ClusterTrust(n1::material, Revocations.NONE)}, null);
        assertTrue(exchange(n1.jsseContext(), nobody).startsWith("refused"));
        assertTrue(n1.jsseContext().createSSLEngine().getNeedClientAuth());
        assertTrue(n1.jsseContext().getDefaultSSLParameters().getNeedClientAuth());
    }

    @Test
    void aJsseServerRefusesAnExpiredCertificateAndAnotherClusters() throws Exception {
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
            assertTrue(exchange(n1.jsseContext(), client).startsWith("refused"), shown.toString());
        }
    }

    @Test
    void aRevocationWorksOnTheJsseContextWithinSecondsAlsoAgainstASessionThatCouldBeResumed() throws Exception {
        Set<BigInteger> revoked = new HashSet<>();
        var n1 = new TlsIdentity(authority.issue("n1"), certificate -> revoked.contains(certificate.getSerialNumber()));
        var n2 = new TlsIdentity(authority.issue("n2"), Revocations.NONE);
        assertEquals("TLSv1.3", exchange(n1.jsseContext(), n2.jsseContext()));
        revoked.add(n2.material().certificate().getSerialNumber());
        Thread.sleep(2_100); // a session lives one second
        assertTrue(exchange(n1.jsseContext(), n2.jsseContext()).startsWith("refused"));
    }

    @Test
    void aRenewedCertificateIsShownByContextsMadeBefore() throws Exception {
        Set<BigInteger> revoked = new HashSet<>();
        var n1 = new TlsIdentity(authority.issue("n1"), certificate -> revoked.contains(certificate.getSerialNumber()));
        var n2 = new TlsIdentity(authority.issue("n2"), Revocations.NONE);
        SSLContext madeBefore = n2.jsseContext();
        revoked.add(n2.material().certificate().getSerialNumber());
        assertTrue(exchange(n1.jsseContext(), madeBefore).startsWith("refused"));
        n2.replace(authority.issue("n2"));
        assertEquals("TLSv1.3", exchange(n1.jsseContext(), madeBefore));
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
