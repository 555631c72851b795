package drover.daemon.membership;

import drover.daemon.membership.wire.LinkTls;
import drover.model.NodeId;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// A certificate authority for tests: gives each node a key store that it and its test processes can load.
public final class TestCertificates {
    private static final char[] PASSWORD = "test".toCharArray();
    private final KeyPair caKey = keyPair();
    private final X509Certificate caCertificate = sign("CN=test-ca", "CN=test-ca", caKey, caKey, true);

    /// Writes `NODE.p12` with the key of `node` and the authority.
    public Path write(Path dir, String node) throws Exception {
        KeyPair key = keyPair();
        X509Certificate certificate = sign("CN=test-ca", "CN=" + node, key, caKey, false);
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, PASSWORD);
        store.setKeyEntry("node", key.getPrivate(), PASSWORD, new Certificate[] {certificate, caCertificate});
        store.setCertificateEntry("ca", caCertificate);
        Path path = dir.resolve(node + ".p12");
        try (OutputStream out = Files.newOutputStream(path)) {
            store.store(out, PASSWORD);
        }
        return path;
    }

    /// The context of the node whose key store that is.
    public static SSLContext load(Path path) throws Exception {
        return load(path, true);
    }

    /// What the links of the node need whose key store that is.
    public static LinkTls links(Path path) throws Exception {
        SSLContext context = load(path);
        return new LinkTls(
                () -> netty(context, false),
                () -> netty(context, true),
                certificate -> new NodeId(
                        certificate.getSubjectX500Principal().getName().substring("CN=".length())));
    }

    private static SslContext netty(SSLContext context, boolean client) {
        return new JdkSslContext(
                context,
                client,
                null,
                IdentityCipherSuiteFilter.INSTANCE,
                ApplicationProtocolConfig.DISABLED,
                ClientAuth.REQUIRE,
                new String[] {"TLSv1.3"},
                false);
    }

    /// The context of somebody who believes that node's authority and has no certificate of his own.
    public static SSLContext loadWithoutKey(Path path) throws Exception {
        return load(path, false);
    }

    private static SSLContext load(Path path, boolean withKey) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(path)) {
            store.load(in, PASSWORD);
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store, PASSWORD);
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(withKey ? keys.getKeyManagers() : null, trust.getTrustManagers(), null);
        return context;
    }

    private static KeyPair keyPair() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (java.security.GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static X509Certificate sign(String issuer, String subject, KeyPair key, KeyPair issuerKey, boolean ca) {
        try {
            PrivateKey signer = issuerKey.getPrivate();
            Instant now = Instant.now();
            return new JcaX509CertificateConverter()
                    .getCertificate(new JcaX509v3CertificateBuilder(
                                    new X500Name(issuer),
                                    new BigInteger(64, new SecureRandom()),
                                    Date.from(now.minus(1, ChronoUnit.DAYS)),
                                    Date.from(now.plus(1, ChronoUnit.DAYS)),
                                    new X500Name(subject),
                                    key.getPublic())
                            .addExtension(Extension.basicConstraints, true, new BasicConstraints(ca))
                            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer)));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
