package drover.protocol.link;

import drover.protocol.mtls.IdentityMaterial;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509TrustManager;

/// A peer with the JDK's own TLS that shows any certificate or none, believes everything, and says anything.
final class Stranger implements Closeable {
    private static final int PATIENCE_MILLIS = 20_000;
    private final Socket socket;

    private Stranger(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(PATIENCE_MILLIS);
    }

    static Stranger plain(InetSocketAddress address) throws IOException {
        return new Stranger(new Socket(address.getAddress(), address.getPort()));
    }

    static Stranger secured(InetSocketAddress address, Optional<IdentityMaterial> material, String protocol)
            throws IOException, GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(
                material.map(m -> new KeyManager[] {new OnlyKey(m)}).orElse(new KeyManager[0]),
                new TrustManager[] {new Believer()},
                null);
        var socket = (SSLSocket) context.getSocketFactory().createSocket(address.getAddress(), address.getPort());
        socket.setEnabledProtocols(new String[] {protocol});
        return new Stranger(socket);
    }

    static Stranger secured(InetSocketAddress address, IdentityMaterial material)
            throws IOException, GeneralSecurityException {
        return secured(address, Optional.of(material), "TLSv1.3");
    }

    void say(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    void sayFrame(byte[] payload) throws IOException {
        say(ByteBuffer.allocate(4 + payload.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(payload.length)
                .put(payload)
                .array());
    }

    static byte[] greeting(int min, int max, int linkClass, String cluster, String node) {
        byte[] c = cluster.getBytes(StandardCharsets.UTF_8);
        byte[] n = node.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(1 + 4 + 4 + 1 + 8 + c.length + n.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 1)
                .put("DROV".getBytes(StandardCharsets.US_ASCII))
                .putShort((short) min)
                .putShort((short) max)
                .put((byte) linkClass)
                .putInt(c.length)
                .put(c)
                .putInt(n.length)
                .put(n)
                .array();
    }

    /// What the peer says until it closes; an alert or a reset is an end too.
    byte[] hearUntilTheEnd() throws IOException {
        var heard = new java.io.ByteArrayOutputStream();
        try {
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[4096];
            int got;
            while ((got = in.read(buffer)) > 0) heard.write(buffer, 0, got);
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError("the peer keeps the connection open", e);
        } catch (IOException e) {
            // closed with an alert or a reset: what counts is that it is closed
        }
        return heard.toByteArray();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    /// Shows its certificate even to a server that says it does not believe its issuer.
    private static final class OnlyKey extends X509ExtendedKeyManager {
        private final IdentityMaterial material;

        OnlyKey(IdentityMaterial material) {
            this.material = material;
        }

        @Override
        public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
            return "k";
        }

        @Override
        public String[] getClientAliases(String keyType, Principal[] issuers) {
            return new String[] {"k"};
        }

        @Override
        public String[] getServerAliases(String keyType, Principal[] issuers) {
            return new String[] {"k"};
        }

        @Override
        public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
            return "k";
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return new X509Certificate[] {material.certificate()};
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return material.key();
        }
    }

    private static final class Believer implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
