package drover.protocol.mtls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

/// Shows the node's certificate as it is at the time of the handshake, so that a renewed one needs no new context.
/// The authority's certificate goes along: a joining node, which knows only its hash, checks it against that.
final class CurrentKey extends X509ExtendedKeyManager {
    private static final String ALIAS = "node";
    private static final String KEY_TYPE = "EC";
    private final Supplier<IdentityMaterial> material;

    CurrentKey(Supplier<IdentityMaterial> material) {
        this.material = material;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        IdentityMaterial current = material.get();
        return new X509Certificate[] {current.certificate(), current.authority()};
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        return material.get().key();
    }

    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
        return new String[] {ALIAS};
    }

    @Override
    public String[] getServerAliases(String keyType, Principal[] issuers) {
        return new String[] {ALIAS};
    }

    @Override
    public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
        return anyMatches(keyTypes);
    }

    @Override
    public String chooseEngineClientAlias(String[] keyTypes, Principal[] issuers, SSLEngine engine) {
        return anyMatches(keyTypes);
    }

    @Override
    public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
        return anyMatches(new String[] {keyType});
    }

    @Override
    public String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
        return anyMatches(new String[] {keyType});
    }

    private static String anyMatches(String[] keyTypes) {
        for (String keyType : keyTypes) if (keyType.startsWith(KEY_TYPE)) return ALIAS;
        return null;
    }
}
