package drover.daemon.membership.wire;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import javax.net.ssl.SSLSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The link this node dials to one peer, and only ever sends on. Nobody who sends waits for the network: frames
/// go into a bounded queue, and one virtual thread connects, writes, and tries again.
///
/// Each pair of nodes has one such link in each direction. Two nodes that dial each other at the same moment
/// therefore never have to agree on which link survives (docs/adr/0003-cold-start.md).
final class Outbound implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Outbound.class);
    private static final long FIRST_BACKOFF_MS = 50; // a node that is just starting is found quickly
    private static final long LAST_BACKOFF_MS = 1000; // a dead one costs one SYN a second at most
    private static final int BUFFER_BYTES = 4096; // several small frames become one TLS record

    private static final class Frame {
        /// Not sent: the link looks whether it is still wanted.
        static final Frame LOOK = new Frame(new byte[0]);

        /// Not sent: the link ends when what was queued before is written. It is the last one in its queue.
        static final Frame END = new Frame(new byte[0]);

        private final byte[] bytes;
        private final long queuedNs = System.nanoTime();

        Frame(byte[] bytes) {
            this.bytes = bytes;
        }

        boolean isOlderThan(Duration limit) {
            return System.nanoTime() - queuedNs > limit.toNanos();
        }
    }

    private final InetSocketAddress to;
    private final TlsTransport transport;
    private final TransportConfig config;
    private final BooleanSupplier stillWanted;
    private final BlockingQueue<Frame> queue;
    /// Held while a frame is queued, so that none is behind the last.
    private final Object queueing = new Object();

    private volatile boolean ending; // takes no frame any more
    private volatile boolean closing;
    private volatile boolean greeting;
    private volatile long usedNs = System.nanoTime();
    private volatile Socket plain;
    private volatile X509Certificate certificate;
    private DataOutputStream out;
    private Thread thread;

    Outbound(InetSocketAddress to, TlsTransport transport, TransportConfig config, BooleanSupplier stillWanted) {
        this.to = to;
        this.transport = transport;
        this.config = config;
        this.stillWanted = stillWanted;
        this.queue = new ArrayBlockingQueue<>(config.queueFrames());
    }

    void start() {
        thread = Thread.ofVirtual().name("group-to-" + to).start(this);
    }

    /// Queues a frame; the oldest ones are dropped when the peer does not keep up. Returns false if this link takes
    /// none any more; whatever was accepted before is written if the peer takes it.
    boolean offer(byte[] bytes) {
        synchronized (queueing) {
            return !ending && add(new Frame(bytes));
        }
    }

    private boolean add(Frame frame) {
        while (!queue.offer(frame)) queue.poll();
        return true;
    }

    /// Takes no frame any more, and ends when what is queued is written. A peer that does not take it keeps the link
    /// until `close`.
    void end() {
        synchronized (queueing) {
            if (ending) return;
            ending = true;
            add(Frame.END);
        }
    }

    /// Ends the link if nothing is queued. False if something is.
    private boolean endIfEmpty() {
        synchronized (queueing) {
            if (queue.isEmpty()) ending = true;
            return ending;
        }
    }

    /// Says goodbye, so that the peer does not take the end of this link for a death, and closes.
    void close() {
        ending = true;
        closing = true;
        thread.interrupt();
    }

    /// To be called now and then: lets the link end that nobody used for a while nor wants. The link itself waits
    /// for frames without a time limit, since each such wait costs two wake-ups more.
    void endIfIdle() {
        boolean idle = System.nanoTime() - usedNs > config.idleTimeout().toNanos();
        if (idle && !stillWanted.getAsBoolean()) queue.offer(Frame.LOOK);
    }

    /// Whether the peer is there, but the handshake is not finished.
    boolean isGreeting() {
        return greeting;
    }

    void cutIf(Predicate<X509Certificate> which) {
        X509Certificate current = certificate;
        if (current != null && which.test(current)) closePlain();
    }

    @Override
    public void run() {
        try {
            while (!closing) {
                Frame frame = queue.take();
                if (frame == Frame.END) break;
                if (frame == Frame.LOOK) {
                    if (!stillWanted.getAsBoolean() && endIfEmpty()) break;
                } else if (deliver(frame)) break;
            }
        } catch (InterruptedException e) {
            closing = true; // the only one who interrupts is close()
        } finally {
            ending = true;
            transport.ended(to, this);
            closing = true;
            goodbye();
            closePlain();
        }
    }

    /// True if the link is to end.
    private boolean deliver(Frame first) throws InterruptedException {
        usedNs = System.nanoTime();
        long backoffMs = FIRST_BACKOFF_MS;
        while (!closing) {
            try {
                if (out == null) connect();
                write(first);
                Frame next = queue.poll();
                for (; next != null && next != Frame.END; next = queue.poll()) write(next);
                out.flush();
                return next == Frame.END;
            } catch (IOException e) {
                LOG.debug("group link to {} failed: {}", to, e.toString());
                closePlain();
                if (e instanceof ConnectException) transport.refused(to);
                if (closing || ending) return true; // whoever is not wanted any more is not dialled again
                if (first.isOlderThan(config.retryFor())) return false;
                Thread.sleep(backoffMs);
                backoffMs = Math.min(2 * backoffMs, LAST_BACKOFF_MS);
            }
        }
        return true;
    }

    private void write(Frame frame) throws IOException {
        if (frame == Frame.LOOK) return;
        out.writeInt(frame.bytes.length);
        out.write(frame.bytes);
        transport.countSent(4 + frame.bytes.length);
    }

    private void connect() throws IOException {
        Socket socket = new Socket();
        plain = socket;
        transport.tls().connect(socket, to);
        greeting = true;
        SSLSocket tls = transport.tls().dial(socket);
        certificate = TlsSockets.certificateOf(tls.getSession());
        out = new DataOutputStream(new BufferedOutputStream(tls.getOutputStream(), BUFFER_BYTES));
        Greeting.write(out, transport.getAddress());
        greeting = false;
        if (closing) throw new IOException("closed meanwhile");
    }

    private void goodbye() {
        DataOutputStream current = out;
        if (current == null) return;
        try {
            current.writeInt(TlsTransport.GOODBYE);
            current.flush();
        } catch (IOException e) {
            LOG.debug("no goodbye to {}: {}", to, e.toString());
        }
    }

    private void closePlain() {
        out = null;
        certificate = null;
        greeting = false;
        Socket socket = plain;
        if (socket == null) return;
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("closing the link to {}: {}", to, e.toString());
        }
    }
}
