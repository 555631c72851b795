package drover.protocol.mtls;

import drover.model.NodeId;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.security.auth.x500.X500Principal;

/// Who a certificate says its holder is: the node is the common name, the cluster is the organisation.
public record PeerIdentity(NodeId node, String clusterId) {
    public PeerIdentity {
        if (clusterId.isBlank() || clusterId.length() > 128)
            throw new IllegalArgumentException("a cluster id has 1 to 128 characters, got '" + clusterId + "'");
    }

    /// Reads the subject.
    ///
    /// @throws CertificateException when the subject names no valid node or no cluster
    public static PeerIdentity of(X509Certificate certificate) throws CertificateException {
        X500Principal subject = certificate.getSubjectX500Principal();
        String node = attribute(subject, "CN")
                .orElseThrow(() -> new CertificateException("the certificate of '" + subject + "' names no node (CN)"));
        String cluster = attribute(subject, "O")
                .orElseThrow(
                        () -> new CertificateException("the certificate of '" + subject + "' names no cluster (O)"));
        try {
            return new PeerIdentity(new NodeId(node), cluster);
        } catch (IllegalArgumentException e) {
            throw new CertificateException("the certificate of '" + subject + "' is no node's: " + e.getMessage(), e);
        }
    }

    /// The cluster an authority's certificate belongs to.
    public static String clusterOf(X509Certificate authority) throws CertificateException {
        X500Principal subject = authority.getSubjectX500Principal();
        return attribute(subject, "O")
                .orElseThrow(() -> new CertificateException("the authority '" + subject + "' names no cluster (O)"));
    }

    private static Optional<String> attribute(X500Principal subject, String type) throws CertificateException {
        try {
            for (Rdn rdn : new LdapName(subject.getName(X500Principal.RFC2253)).getRdns())
                if (rdn.getType().equalsIgnoreCase(type) && rdn.getValue() instanceof String value)
                    return Optional.of(value);
            return Optional.empty();
        } catch (InvalidNameException e) {
            throw new CertificateException("the subject '" + subject + "' is no distinguished name", e);
        }
    }
}
