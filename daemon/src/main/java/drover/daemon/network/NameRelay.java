package drover.daemon.network;

import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers jobs' questions for names at home's gateway address by asking those of home's servers that jobs
/// cannot reach themselves: it passes questions and answers on, over UDP and TCP, and knows nothing of what
/// is in them.
final class NameRelay implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NameRelay.class);
    private static final int PORT = 53;
    private static final int DATAGRAM_MAX_BYTES = 65_535;
    /// Questions under way; one more is lost, and asked again by who asked it.
    private static final int QUESTIONS_MAX = 256;
    /// Half of what resolvers wait before they ask again.
    private static final Duration PATIENCE = Duration.ofMillis(2500);

    private final Supplier<List<InetAddress>> servers;
    private final Semaphore room = new Semaphore(QUESTIONS_MAX);
    private final DatagramSocket datagrams;
    private final ServerSocket streams;

    /// Begins to answer.
    ///
    /// @param servers asked for each question; in order
    /// @throws IOException where another server has the port
    NameRelay(InetAddress gateway, Supplier<List<InetAddress>> servers) throws IOException {
        this.servers = servers;
        datagrams = new DatagramSocket(new InetSocketAddress(gateway, PORT));
        try {
            streams = new ServerSocket(PORT, 16, gateway);
        } catch (IOException e) {
            datagrams.close();
            throw e;
        }
        var _ = Thread.ofPlatform().name("names").daemon().start(this::serveDatagrams);
        var _ = Thread.ofPlatform().name("names by TCP").daemon().start(this::serveStreams);
    }

    private void serveDatagrams() {
        byte[] bytes = new byte[DATAGRAM_MAX_BYTES];
        while (!datagrams.isClosed()) {
            try {
                DatagramPacket question = new DatagramPacket(bytes, bytes.length);
                datagrams.receive(question);
                byte[] copy = Arrays.copyOf(bytes, question.getLength());
                SocketAddress asker = question.getSocketAddress();
                inRoom(() -> answer(copy, asker), () -> {});
            } catch (IOException e) {
                if (!datagrams.isClosed()) LOG.warn("questions for names: {}", e.getMessage());
            }
        }
    }

    private void inRoom(Runnable task, Runnable otherwise) {
        if (!room.tryAcquire()) {
            otherwise.run();
            return;
        }
        var _ = Thread.ofVirtual().name("name").start(() -> {
            try {
                task.run();
            } finally {
                room.release();
            }
        });
    }

    private void answer(byte[] question, SocketAddress asker) {
        for (InetAddress server : servers.get()) {
            try (DatagramSocket out = new DatagramSocket()) {
                out.connect(server, PORT);
                out.setSoTimeout((int) PATIENCE.toMillis());
                out.send(new DatagramPacket(question, question.length));
                DatagramPacket answer = new DatagramPacket(new byte[DATAGRAM_MAX_BYTES], DATAGRAM_MAX_BYTES);
                out.receive(answer);
                datagrams.send(new DatagramPacket(answer.getData(), answer.getLength(), asker));
                return;
            } catch (IOException e) {
                LOG.debug("{} does not answer: {}", server, e.getMessage());
            }
        }
    }

    private void serveStreams() {
        while (!streams.isClosed()) {
            try {
                Socket asker = streams.accept();
                inRoom(() -> pass(asker), () -> close(asker));
            } catch (IOException e) {
                if (!streams.isClosed()) LOG.warn("questions for names by TCP: {}", e.getMessage());
            }
        }
    }

    private void pass(Socket asker) {
        try (asker) {
            for (InetAddress server : servers.get()) {
                try (Socket out = new Socket()) {
                    out.connect(new InetSocketAddress(server, PORT), (int) PATIENCE.toMillis());
                    both(asker, out);
                    return;
                } catch (IOException e) {
                    LOG.debug("{} does not answer by TCP: {}", server, e.getMessage());
                }
            }
        } catch (IOException e) {
            LOG.debug("a question by TCP", e);
        }
    }

    /// Until either end closes, or is silent for too long.
    private static void both(Socket asker, Socket server) throws IOException {
        asker.setSoTimeout((int) PATIENCE.toMillis() * 2);
        server.setSoTimeout((int) PATIENCE.toMillis() * 2);
        Thread back = Thread.ofVirtual().start(() -> {
            copy(server, asker);
            close(asker);
        });
        copy(asker, server);
        try {
            server.shutdownOutput();
            back.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void copy(Socket from, Socket to) {
        try {
            InputStream in = from.getInputStream();
            in.transferTo(to.getOutputStream());
        } catch (IOException e) {
            LOG.debug("an answer by TCP ends: {}", e.getMessage());
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("close", e);
        }
    }

    @Override
    public void close() throws IOException {
        datagrams.close();
        streams.close();
    }
}
