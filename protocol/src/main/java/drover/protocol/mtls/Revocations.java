package drover.protocol.mtls;

import java.security.cert.X509Certificate;

/// The certificates that are no longer believed although they have not expired. Asked at every handshake.
/// Thread rule: called from any thread, must not block.
@FunctionalInterface
public interface Revocations {
    /// Nothing is revoked.
    Revocations NONE = certificate -> false;

    boolean isRevoked(X509Certificate certificate);
}
