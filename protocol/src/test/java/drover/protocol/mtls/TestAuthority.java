package drover.protocol.mtls;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// An authority that signs whatever a test asks for, also what the real one would refuse.
public final class TestAuthority {
    private final String cluster;
    private final KeyPair keys = newKeys();
    private final X509Certificate certificate;
    private final AtomicLong serials = new AtomicLong(1);

    public TestAuthority(String cluster) {
        this.cluster = cluster;
        Instant now = Instant.now();
        this.certificate = sign(
                "CN=Drover CA,O=" + cluster, keys, now.minus(Duration.ofHours(1)), now.plus(Duration.ofDays(1)), true);
    }

    public X509Certificate certificate() {
        return certificate;
    }

    /// A valid identity of this cluster.
    public IdentityMaterial issue(String node) {
        Instant now = Instant.now();
        return issue("CN=" + node + ",O=" + cluster, now.minusSeconds(3600), now.plusSeconds(3600));
    }

    public IdentityMaterial issue(String subject, Instant from, Instant to) {
        KeyPair own = newKeys();
        return new IdentityMaterial(own.getPrivate(), sign(subject, own, from, to, false), List.of(certificate));
    }

    /// A node's identity whose certificate says that it may sign others.
    public IdentityMaterial issueAuthority(String node) {
        KeyPair own = newKeys();
        Instant now = Instant.now();
        X509Certificate signed =
                sign("CN=" + node + ",O=" + cluster, own, now.minusSeconds(60), now.plusSeconds(60), true);
        return new IdentityMaterial(own.getPrivate(), signed, List.of(certificate));
    }

    private X509Certificate sign(String subject, KeyPair own, Instant from, Instant to, boolean authority) {
        try {
            var builder = new JcaX509v3CertificateBuilder(
                    new X500Name("CN=Drover CA,O=" + cluster),
                    BigInteger.valueOf(serials == null ? 1 : serials.incrementAndGet()),
                    Date.from(from),
                    Date.from(to),
                    new X500Name(subject),
                    own.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
            return new JcaX509CertificateConverter()
                    .getCertificate(
                            builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
        } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
            throw new IllegalStateException(e);
        }
    }

    public static KeyPair newKeys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
