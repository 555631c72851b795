package drover.daemon.membership.wire;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.security.cert.X509Certificate;
import java.util.function.Predicate;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.jgroups.Address;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A link some peer dialled, and only ever sends on. One virtual thread shakes hands, checks who it is, and reads.
final class Inbound implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Inbound.class);
    private static final int BUFFER_BYTES = 4096; // most frames are far smaller

    private final Socket plain;
    private final TlsTransport transport;
    private volatile X509Certificate certificate;
    private volatile Address peer;

    Inbound(Socket plain, TlsTransport transport) {
        this.plain = plain;
        this.transport = transport;
    }

    /// Who dialled, or null before it said so.
    Address peer() {
        return peer;
    }

    void cutIf(Predicate<X509Certificate> which) {
        X509Certificate current = certificate;
        if (current != null && which.test(current)) close();
    }

    /// Its sender has a newer link. If this one's other end is gone, nobody would ever tell, since nothing is sent
    /// here; if it is there, what is on its way still comes.
    void probe() {
        try {
            TlsSockets.probe(plain);
        } catch (IOException e) {
            LOG.debug("probing the link from {}: {}", name(), e.toString());
        }
    }

    void close() {
        try {
            plain.close();
        } catch (IOException e) {
            LOG.debug("closing the link from {}: {}", plain.getRemoteSocketAddress(), e.toString());
        }
    }

    @Override
    public void run() {
        boolean saidGoodbye = false;
        boolean greeted = false;
        try {
            plain.setSoTimeout(
                    Math.toIntExact(transport.config().handshakeTimeout().toMillis()));
            SSLSocket tls = transport.tls().accept(plain);
            DataInputStream in = new DataInputStream(new BufferedInputStream(tls.getInputStream(), BUFFER_BYTES));
            Greeting greeting = Greeting.read(in);
            checkName(greeting, TlsSockets.certificateOf(tls.getSession()));
            tls.setSoTimeout(0);
            peer = greeting.address();
            greeted = true;
            transport.greeted(this, greeting);
            saidGoodbye = readFrames(in, greeting);
        } catch (EOFException | SocketException e) {
            LOG.debug("link from {} ended: {}", name(), e.toString());
        } catch (SSLException e) {
            if (greeted) LOG.debug("link from {} ended: {}", name(), e.toString());
            else LOG.warn("refused a link from {}: {}", plain.getRemoteSocketAddress(), e.getMessage());
        } catch (IOException | RuntimeException e) {
            LOG.warn("closed the link from {}: {}", name(), e.getMessage() != null ? e.getMessage() : e.toString());
        } finally {
            close();
            transport.ended(this, greeted, saidGoodbye);
        }
    }

    private void checkName(Greeting greeting, X509Certificate shown) throws IOException {
        if (!TlsSockets.nodeOf(shown)
                .equals(java.util.Optional.of(greeting.sender().node())))
            throw new IOException("it calls itself " + greeting.sender().node() + ", but its certificate is for "
                    + shown.getSubjectX500Principal());
        certificate = shown;
    }

    private boolean readFrames(DataInputStream in, Greeting greeting) throws IOException {
        while (true) {
            int length = in.readInt();
            if (length == TlsTransport.GOODBYE) return true;
            if (length < 0 || length > TlsTransport.FRAME_LIMIT_BYTES)
                throw new IOException(
                        "a frame of " + length + " bytes exceeds the limit of " + TlsTransport.FRAME_LIMIT_BYTES);
            byte[] frame = new byte[length];
            in.readFully(frame);
            transport.countReceived(4 + length);
            transport.receive(MemberAddress.physical(greeting.sender().control()), frame, 0, length);
        }
    }

    private Object name() {
        Address known = peer;
        return known != null ? known : plain.getRemoteSocketAddress();
    }
}
