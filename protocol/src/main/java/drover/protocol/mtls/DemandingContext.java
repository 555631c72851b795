package drover.protocol.mtls;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.security.KeyManagementException;
import java.security.SecureRandom;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;

/// An SSLContext whose server sockets and engines demand a client's certificate and speak TLS 1.3 only, whoever
/// makes them: a caller that forgets `setNeedClientAuth` still lets nobody in.
final class DemandingContext extends SSLContext {
    DemandingContext(SSLContext inner) {
        super(new Spi(inner), inner.getProvider(), inner.getProtocol());
    }

    private static SSLParameters demanding(SSLParameters parameters) {
        parameters.setNeedClientAuth(true);
        parameters.setProtocols(TlsIdentity.PROTOCOLS.toArray(String[]::new));
        return parameters;
    }

    private static final class Spi extends SSLContextSpi {
        private final SSLContext inner;

        Spi(SSLContext inner) {
            this.inner = inner;
        }

        @Override
        protected void engineInit(KeyManager[] km, TrustManager[] tm, SecureRandom random)
                throws KeyManagementException {
            throw new KeyManagementException("this context belongs to the node's identity, it is initialised already");
        }

        @Override
        protected SSLSocketFactory engineGetSocketFactory() {
            return inner.getSocketFactory();
        }

        @Override
        protected SSLServerSocketFactory engineGetServerSocketFactory() {
            return new Factory(inner.getServerSocketFactory());
        }

        @Override
        protected SSLEngine engineCreateSSLEngine() {
            SSLEngine engine = inner.createSSLEngine();
            engine.setSSLParameters(demanding(engine.getSSLParameters()));
            return engine;
        }

        @Override
        protected SSLEngine engineCreateSSLEngine(String host, int port) {
            SSLEngine engine = inner.createSSLEngine(host, port);
            engine.setSSLParameters(demanding(engine.getSSLParameters()));
            return engine;
        }

        @Override
        protected SSLSessionContext engineGetServerSessionContext() {
            return inner.getServerSessionContext();
        }

        @Override
        protected SSLSessionContext engineGetClientSessionContext() {
            return inner.getClientSessionContext();
        }

        @Override
        protected SSLParameters engineGetDefaultSSLParameters() {
            return demanding(inner.getDefaultSSLParameters());
        }

        @Override
        protected SSLParameters engineGetSupportedSSLParameters() {
            return inner.getSupportedSSLParameters();
        }
    }

    private static final class Factory extends SSLServerSocketFactory {
        private final SSLServerSocketFactory inner;

        Factory(SSLServerSocketFactory inner) {
            this.inner = inner;
        }

        private static ServerSocket demand(ServerSocket socket) {
            var secured = (SSLServerSocket) socket;
            secured.setSSLParameters(demanding(secured.getSSLParameters()));
            return secured;
        }

        @Override
        public ServerSocket createServerSocket() throws IOException {
            return demand(inner.createServerSocket());
        }

        @Override
        public ServerSocket createServerSocket(int port) throws IOException {
            return demand(inner.createServerSocket(port));
        }

        @Override
        public ServerSocket createServerSocket(int port, int backlog) throws IOException {
            return demand(inner.createServerSocket(port, backlog));
        }

        @Override
        public ServerSocket createServerSocket(int port, int backlog, InetAddress address) throws IOException {
            return demand(inner.createServerSocket(port, backlog, address));
        }

        @Override
        public String[] getDefaultCipherSuites() {
            return inner.getDefaultCipherSuites();
        }

        @Override
        public String[] getSupportedCipherSuites() {
            return inner.getSupportedCipherSuites();
        }
    }
}
