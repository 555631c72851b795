package drover.protocol.mtls;

import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertPathValidatorException.Reason;
import java.security.cert.CertificateException;
import java.security.cert.PKIXReason;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Believes exactly the node certificates that this cluster's authority signed itself, that are valid now, and
/// that are not revoked. There are no intermediate authorities, so a certificate is believed or not by one
/// signature. Host names are not compared: a node is who its certificate says, wherever it is. Thread rule: any
/// thread; reads the identity that is current at the time of the call.
final class ClusterTrust extends ChainTrust {
    private final Supplier<IdentityMaterial> material;
    private final Revocations revocations;

    ClusterTrust(Supplier<IdentityMaterial> material, Revocations revocations) {
        this.material = material;
        this.revocations = revocations;
    }

    /// Who the holder is.
    ///
    /// @throws CertificateException with a reason fit for a log line
    PeerIdentity check(X509Certificate certificate) throws CertificateException {
        IdentityMaterial own = material.get();
        String shown = "the certificate of '" + certificate.getSubjectX500Principal() + "'";
        X509Certificate authority = issuer(own.authorities(), certificate)
                .orElseThrow(() -> refusal(
                        shown + " is not signed by the authority of this cluster (" + own.clusterId() + ") but by '"
                                + certificate.getIssuerX500Principal() + "'",
                        PKIXReason.NO_TRUST_ANCHOR));
        checkDates("the authority's certificate", authority);
        checkDates(shown, certificate);
        if (certificate.getBasicConstraints() >= 0)
            throw new CertificateException(shown + " is an authority's, not a node's");
        PeerIdentity identity = PeerIdentity.of(certificate);
        if (!identity.clusterId().equals(own.clusterId()))
            throw new CertificateException(shown + " is of another cluster, ours is " + own.clusterId());
        if (revocations.isRevoked(certificate))
            throw refusal(
                    shown + " is revoked (serial "
                            + certificate.getSerialNumber().toString(16) + ")",
                    BasicReason.REVOKED);
        return identity;
    }

    /// The reason goes along, so that the alert tells the peer what is wrong with its certificate.
    private static CertificateException refusal(String message, Reason reason) {
        return new CertificateException(message, new CertPathValidatorException(message, null, null, -1, reason));
    }

    private static void checkDates(String shown, X509Certificate certificate) throws CertificateException {
        Instant now = Instant.now();
        Instant begin = certificate.getNotBefore().toInstant();
        Instant end = certificate.getNotAfter().toInstant();
        if (now.isAfter(end)) throw refusal(shown + " expired on " + end, BasicReason.EXPIRED);
        if (now.isBefore(begin))
            throw refusal(shown + " is not valid before " + begin + "; is the clock right?", BasicReason.NOT_YET_VALID);
    }

    private static Optional<X509Certificate> issuer(List<X509Certificate> authorities, X509Certificate certificate) {
        return authorities.stream()
                .filter(authority -> authority.getSubjectX500Principal().equals(certificate.getIssuerX500Principal()))
                .filter(authority -> signed(authority, certificate))
                .findFirst();
    }

    private static boolean signed(X509Certificate authority, X509Certificate certificate) {
        try {
            certificate.verify(authority.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private void checkChain(X509Certificate[] chain) throws CertificateException {
        if (chain == null || chain.length == 0) throw new CertificateException("the peer showed no certificate");
        check(chain[0]);
    }

    @Override
    protected void checkServer(X509Certificate[] chain) throws CertificateException {
        checkChain(chain);
    }

    @Override
    protected void checkClient(X509Certificate[] chain) throws CertificateException {
        checkChain(chain);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return material.get().authorities().toArray(X509Certificate[]::new);
    }
}
