package drover.protocol.mtls;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/// Decides by the certificates that a peer shows, and by nothing else: not by its address or host name.
/// Thread rule: any thread.
public abstract class ChainTrust extends X509ExtendedTrustManager {
    protected ChainTrust() {}

    /// Whether to believe whom this side dialled.
    ///
    /// @param chain the peer's own certificate first; null or empty where it showed none
    /// @throws CertificateException with the reason, if it is not believed
    protected abstract void checkServer(X509Certificate[] chain) throws CertificateException;

    /// Whether to believe who dialled this side; else as [#checkServer].
    protected abstract void checkClient(X509Certificate[] chain) throws CertificateException;

    @Override
    public final void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        checkServer(chain);
    }

    @Override
    public final void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        checkServer(chain);
    }

    @Override
    public final void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        checkServer(chain);
    }

    @Override
    public final void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        checkClient(chain);
    }

    @Override
    public final void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        checkClient(chain);
    }

    @Override
    public final void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        checkClient(chain);
    }
}
