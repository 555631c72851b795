package drover.daemon.security;

import drover.protocol.mtls.IdentityFiles;
import drover.protocol.mtls.Revocations;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CRLException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The newest revocation list this node knows: an X.509 CRL signed by the authority, ordered by its CRL number (RFC
/// 5280,
/// 5.2.3). It is kept on disk, spread from node to node by whoever has a newer one, and never goes back.
/// Thread rule: any thread.
public final class RevocationList implements Revocations {
    private static final Logger LOG = LoggerFactory.getLogger(RevocationList.class);
    /// A list names only unexpired certificates, about 40 bytes each: this is far more than any cluster revokes
    /// in a month.
    private static final int LIMIT_BYTES = 1 << 20;

    private static final String CRL_NUMBER = "2.5.29.20";

    private static final class Known {
        final BigInteger number;
        final Set<BigInteger> serials;
        final byte[] encoded;

        Known(BigInteger number, Set<BigInteger> serials, byte[] encoded) {
            this.number = number;
            this.serials = serials;
            this.encoded = encoded;
        }
    }

    private final Path file;
    private final X509Certificate authority;
    private final List<Consumer<byte[]>> listeners = new CopyOnWriteArrayList<>();
    private volatile Known known = new Known(BigInteger.ONE.negate(), Set.of(), new byte[0]);

    private RevocationList(Path file, X509Certificate authority) {
        this.file = file;
        this.authority = authority;
    }

    /// Reads the list from its file; none yet is an empty list, and so is a damaged one, which is logged: a
    /// node gets a good one from the next node it meets.
    static RevocationList open(Path file, X509Certificate authority) throws IOException {
        var list = new RevocationList(file, authority);
        list.readAgain();
        return list;
    }

    /// Calls the consumer with each newer list, after it is in force and on disk.
    public void onNewer(Consumer<byte[]> listener) {
        listeners.add(listener);
    }

    /// The signed list, to be given to other nodes; empty when there is none yet.
    public byte[] current() {
        return known.encoded.clone();
    }

    /// Takes a list another node gave.
    ///
    /// @return whether it was newer than the one known, and so is now in force
    public boolean offer(byte[] signed) {
        if (signed.length == 0) return false;
        try {
            return accept(signed, true);
        } catch (SecurityFailure | IOException e) {
            LOG.warn("refused a revocation list: {}", e.getMessage());
            return false;
        }
    }

    @Override
    public boolean isRevoked(X509Certificate certificate) {
        return known.serials.contains(certificate.getSerialNumber());
    }

    /// Looks whether a command put a newer list into the file.
    void readAgain() throws IOException {
        if (!Files.exists(file)) return;
        byte[] content = Files.readAllBytes(file);
        if (Arrays.equals(content, known.encoded)) return;
        try {
            accept(content, false);
        } catch (SecurityFailure e) {
            LOG.warn("ignored {}: {}", file, e.getMessage());
        }
    }

    private synchronized boolean accept(byte[] signed, boolean write) throws SecurityFailure, IOException {
        Known offered = parse(signed);
        if (offered.number.compareTo(known.number) <= 0) return false;
        if (write) IdentityFiles.replace(file, signed);
        known = offered;
        LOG.info("revocation list {} is in force: {} certificates", offered.number, offered.serials.size());
        for (Consumer<byte[]> listener : listeners) listener.accept(signed.clone());
        return true;
    }

    private Known parse(byte[] signed) throws SecurityFailure {
        if (signed.length > LIMIT_BYTES) throw new SecurityFailure("it has " + signed.length + " bytes");
        try {
            var list = (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(signed));
            if (!list.getIssuerX500Principal().equals(authority.getSubjectX500Principal()))
                throw new SecurityFailure("it is by '" + list.getIssuerX500Principal() + "'");
            list.verify(authority.getPublicKey());
            Set<BigInteger> serials = new HashSet<>();
            Set<? extends X509CRLEntry> entries = list.getRevokedCertificates();
            if (entries != null) entries.forEach(entry -> serials.add(entry.getSerialNumber()));
            return new Known(number(list), Set.copyOf(serials), signed.clone());
        } catch (CRLException e) {
            throw new SecurityFailure("it is damaged: " + e.getMessage(), e);
        } catch (GeneralSecurityException e) {
            throw new SecurityFailure("it is not signed by the authority of this cluster", e);
        }
    }

    /// The CRL number: an INTEGER inside the extension's OCTET STRING, both of short form.
    private static BigInteger number(X509CRL list) throws SecurityFailure {
        byte[] der = list.getExtensionValue(CRL_NUMBER);
        if (der == null || der.length < 5 || der[0] != 4 || der[2] != 2 || der[3] != der.length - 4)
            throw new SecurityFailure("it has no number");
        return new BigInteger(Arrays.copyOfRange(der, 4, der.length));
    }
}
