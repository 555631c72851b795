package drover.protocol.mtls;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;

/// What a node needs to prove who it is: its key, the certificate for it, and the authorities it believes. The
/// first authority is the one that signed the certificate.
public record IdentityMaterial(PrivateKey key, X509Certificate certificate, List<X509Certificate> authorities) {
    public IdentityMaterial {
        authorities = List.copyOf(authorities);
        if (authorities.isEmpty()) throw new IllegalArgumentException("an identity needs at least one authority");
        if (!belongTogether(key, certificate))
            throw new IllegalArgumentException(
                    "the private key does not belong to the certificate of " + certificate.getSubjectX500Principal());
        try {
            PeerIdentity.of(certificate);
            certificate.verify(authorities.getFirst().getPublicKey());
            PeerIdentity.clusterOf(authorities.getFirst());
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException(
                    "the certificate of " + certificate.getSubjectX500Principal()
                            + " is not signed by the first authority, or names no node: " + e.getMessage(),
                    e);
        }
    }

    public X509Certificate authority() {
        return authorities.getFirst();
    }

    public PeerIdentity identity() {
        try {
            return PeerIdentity.of(certificate);
        } catch (CertificateException e) {
            throw new IllegalStateException("the constructor accepted this certificate", e);
        }
    }

    public String clusterId() {
        return identity().clusterId();
    }

    private static boolean belongTogether(PrivateKey key, X509Certificate certificate) {
        try {
            byte[] probe = {1, 2, 3};
            Signature signer = Signature.getInstance("SHA256withECDSA");
            signer.initSign(key);
            signer.update(probe);
            Signature verifier = Signature.getInstance("SHA256withECDSA");
            verifier.initVerify(certificate.getPublicKey());
            verifier.update(probe);
            return verifier.verify(signer.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("the key is no usable EC key: " + e.getMessage(), e);
        }
    }
}
