package drover.daemon.security;

import drover.daemon.security.AuthorityBook.Issued;
import drover.model.NodeId;
import drover.protocol.mtls.IdentityFiles;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CRLConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/// The key that makes a cluster: whoever has it decides who belongs. Signs node certificates and revocation lists.
/// X.509 as in RFC 5280, ECDSA with P-256. Immutable, any thread.
final class Authority {
    private static final Duration LIFE = Duration.ofDays(3650);
    /// Clocks of machines differ; a fresh certificate must be valid on one that is somewhat slow.
    static final Duration CLOCK_TOLERANCE = Duration.ofHours(1);

    private static final String SIGNATURE = "SHA256withECDSA";
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int SERIAL_BITS = 127;

    private final PrivateKey key;
    private final X509Certificate certificate;
    private final String clusterId;

    Authority(PrivateKey key, X509Certificate certificate, String clusterId) {
        this.key = key;
        this.certificate = certificate;
        this.clusterId = clusterId;
    }

    static Authority create(String clusterId, Instant now) {
        KeyPair keys = newKeys();
        try {
            var builder = new JcaX509v3CertificateBuilder(
                    authorityName(clusterId),
                    serial(),
                    Date.from(now.minus(CLOCK_TOLERANCE)),
                    Date.from(now.plus(LIFE)),
                    authorityName(clusterId),
                    keys.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            return new Authority(keys.getPrivate(), signed(builder, keys.getPrivate()), clusterId);
        } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
            throw new IllegalStateException("the authority's certificate cannot be made", e);
        }
    }

    X509Certificate certificate() {
        return certificate;
    }

    PrivateKey key() {
        return key;
    }

    String clusterId() {
        return clusterId;
    }

    /// Signs a node's certificate. Nothing of the request but its key is believed.
    ///
    /// @throws SecurityFailure when the request is not signed by the key it is for, or its key is not on P-256
    X509Certificate certify(byte[] request, NodeId node, Duration life, Instant now) throws SecurityFailure {
        return certify(provenKey(request), node, life, now);
    }

    X509Certificate certify(PublicKey holder, NodeId node, Duration life, Instant now) {
        Instant end = now.plus(life);
        Instant ownEnd = certificate.getNotAfter().toInstant();
        try {
            var builder = new JcaX509v3CertificateBuilder(
                    authorityName(clusterId),
                    serial(),
                    Date.from(now.minus(CLOCK_TOLERANCE)),
                    Date.from(end.isAfter(ownEnd) ? ownEnd : end),
                    nodeName(clusterId, node),
                    holder);
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(new KeyPurposeId[] {
                KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth
            }));
            builder.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(new GeneralName(GeneralName.dNSName, node.name())));
            return signed(builder, key);
        } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
            throw new IllegalStateException("a certificate for " + node + " cannot be made", e);
        }
    }

    /// The signed list of all revoked certificates that have not expired.
    byte[] revocationList(long number, List<Issued> revoked, Instant now) {
        try {
            var builder = new JcaX509v2CRLBuilder(certificate.getSubjectX500Principal(), Date.from(now));
            builder.setNextUpdate(certificate.getNotAfter());
            builder.addExtension(Extension.cRLNumber, false, new CRLNumber(BigInteger.valueOf(number)));
            for (Issued issued : revoked)
                builder.addCRLEntry(issued.serial(), Date.from(now), CRLReason.cessationOfOperation);
            X509CRL list = new JcaX509CRLConverter().getCRL(builder.build(signer(key)));
            return list.getEncoded();
        } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
            throw new IllegalStateException("the revocation list cannot be made", e);
        }
    }

    /// A signing request for a key of one's own (PKCS #10).
    static byte[] request(KeyPair keys, NodeId node) {
        try {
            return new JcaPKCS10CertificationRequestBuilder(new X500Name("CN=" + node.name()), keys.getPublic())
                    .build(signer(keys.getPrivate()))
                    .getEncoded();
        } catch (OperatorCreationException | IOException e) {
            throw new IllegalStateException("a signing request cannot be made", e);
        }
    }

    static KeyPair newKeys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"), RANDOM);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has P-256", e);
        }
    }

    private static PublicKey provenKey(byte[] encoded) throws SecurityFailure {
        try {
            var request = new JcaPKCS10CertificationRequest(encoded);
            PublicKey claimed = request.getPublicKey();
            if (!(claimed instanceof java.security.interfaces.ECPublicKey ec)
                    || ec.getParams().getCurve().getField().getFieldSize() != 256)
                throw new SecurityFailure("the signing request is not for a P-256 key");
            if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(claimed)))
                throw new SecurityFailure("the signing request is not signed by its own key");
            return claimed;
        } catch (IOException
                | GeneralSecurityException
                | OperatorCreationException
                | PKCSException
                | RuntimeException e) {
            throw new SecurityFailure("the signing request is damaged: " + e.getMessage(), e);
        }
    }

    private static X509Certificate signed(JcaX509v3CertificateBuilder builder, PrivateKey by)
            throws GeneralSecurityException, OperatorCreationException, IOException {
        // through the JDK's own parser, as every other certificate
        return IdentityFiles.certificate(new JcaX509CertificateConverter()
                .getCertificate(builder.build(signer(by)))
                .getEncoded());
    }

    private static ContentSigner signer(PrivateKey by) throws OperatorCreationException {
        return new JcaContentSignerBuilder(SIGNATURE).build(by);
    }

    private static BigInteger serial() {
        return new BigInteger(SERIAL_BITS, RANDOM).setBit(SERIAL_BITS - 1);
    }

    private static X500Name authorityName(String clusterId) {
        return new X500NameBuilder()
                .addRDN(BCStyle.O, clusterId)
                .addRDN(BCStyle.CN, "Drover CA")
                .build();
    }

    private static X500Name nodeName(String clusterId, NodeId node) {
        return new X500NameBuilder()
                .addRDN(BCStyle.O, clusterId)
                .addRDN(BCStyle.CN, node.name())
                .build();
    }
}
