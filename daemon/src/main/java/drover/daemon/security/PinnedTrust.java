package drover.daemon.security;

import drover.protocol.mtls.ChainTrust;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;

/// Believes a server whose certificate is signed by the one authority whose hash the token named: the machine
/// that joins knows nothing else of the cluster yet.
final class PinnedTrust extends ChainTrust {
    /// The server is of another cluster, or an impostor.
    static final class NotPinned extends CertificateException {
        private static final long serialVersionUID = 1L;

        NotPinned(String message) {
            super(message);
        }
    }

    private final byte[] authorityHash;

    PinnedTrust(byte[] authorityHash) {
        this.authorityHash = authorityHash.clone();
    }

    @Override
    protected void checkServer(X509Certificate[] chain) throws CertificateException {
        if (chain == null || chain.length < 2)
            throw new NotPinned("the node that answered shows no authority; is this the cluster's enrolment port?");
        X509Certificate authority = chain[1];
        if (!MessageDigest.isEqual(Hashes.sha256(authority), authorityHash))
            throw new NotPinned("the token is of another cluster than the node that answered ('"
                    + authority.getSubjectX500Principal()
                    + "'), or that node is an impostor; nothing was told to it. Make a token there: drover token");
        try {
            authority.checkValidity();
            chain[0].checkValidity();
            chain[0].verify(authority.getPublicKey());
        } catch (GeneralSecurityException e) {
            throw new NotPinned("the node that answered has no valid certificate of the cluster: " + e.getMessage()
                    + "; are both clocks right?");
        }
        if (chain[0].getBasicConstraints() >= 0)
            throw new NotPinned("the node that answered shows an authority's certificate instead of its own");
    }

    @Override
    protected void checkClient(X509Certificate[] chain) throws CertificateException {
        throw new CertificateException("this side only dials");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}
