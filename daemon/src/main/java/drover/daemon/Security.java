package drover.daemon;

import drover.daemon.config.DaemonConfig;
import drover.daemon.config.DaemonConfig.Places;
import drover.protocol.link.LinkHub;
import drover.protocol.mtls.Revocations;
import drover.protocol.mtls.TlsIdentity;
import java.io.IOException;

/// Who this node is, and whom it believes.
final class Security implements AutoCloseable {
    private final TlsIdentity identity;

    private Security(TlsIdentity identity) {
        this.identity = identity;
    }

    static Security open(DaemonConfig config, Places places) throws StartFailure {
        try {
            return new Security(TlsIdentity.load(places.state().resolve("identity"), Revocations.NONE));
        } catch (IOException e) {
            throw new StartFailure("this machine has no certificate of a cluster (" + e.getMessage()
                    + "); make one first: drover init, or drover join HOST --token T");
        }
    }

    TlsIdentity identity() {
        return identity;
    }

    void serve(LinkHub hub, Cluster cluster) {}

    @Override
    public void close() {}
}
