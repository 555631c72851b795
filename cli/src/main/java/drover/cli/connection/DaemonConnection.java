package drover.cli.connection;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import drover.protocol.local.DaemonSocket;
import drover.protocol.local.LocalFrame;
import drover.protocol.local.LocalFrameReader;
import drover.protocol.local.LocalFrameWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/// Asks the daemon of this node. Each question has its own connection, as the daemon's answer ends one.
/// Thread-safe.
public final class DaemonConnection {
    /// A daemon that answers no list within this time hangs; waiting longer would only hide it.
    public static final Duration ANSWER_LIMIT = Duration.ofSeconds(30);

    /// Shared: an ObjectMapper is thread-safe and costly to make.
    public static final ObjectMapper JSON = new ObjectMapper();

    private final Path socket;
    private final Duration answerLimit;

    public DaemonConnection(Path socket) {
        this(socket, ANSWER_LIMIT);
    }

    DaemonConnection(Path socket, Duration answerLimit) {
        this.socket = socket;
        this.answerLimit = answerLimit;
    }

    /// Sends the question and returns the answer's `result`.
    public JsonNode ask(ObjectNode question) throws CommandFailedException {
        return converse(question, OutputStream.nullOutputStream(), Optional.of(answerLimit));
    }

    /// As [#ask], with the TEXT before the answer written to `text`. May take as long as the daemon has text to
    /// send.
    public JsonNode askForText(ObjectNode question, OutputStream text) throws CommandFailedException {
        return converse(question, text, Optional.empty());
    }

    private JsonNode converse(ObjectNode question, OutputStream text, Optional<Duration> limit)
            throws CommandFailedException {
        AtomicBoolean late = new AtomicBoolean();
        try (SocketChannel channel = connect()) {
            Thread clock = Thread.ofVirtual().name("answer-limit").unstarted(() -> closeAfter(limit, channel, late));
            if (limit.isPresent()) clock.start();
            try {
                return exchange(channel, question, text);
            } finally {
                clock.interrupt();
            }
        } catch (OutputClosedException e) {
            throw new CommandFailedException("", 0, e);
        } catch (IOException e) {
            if (late.get())
                throw new CommandFailedException(
                        "the daemon at " + socket + " did not answer within " + answerLimit.toSeconds()
                                + " s: it hangs, or the machine is overloaded. Look into its log, then restart it",
                        1,
                        e);
            throw new CommandFailedException(
                    "the daemon at " + socket + " broke off the answer: " + reason(e)
                            + ". If it was restarting, try again; else see: drover doctor",
                    1,
                    e);
        }
    }

    private static void closeAfter(Optional<Duration> limit, SocketChannel channel, AtomicBoolean late) {
        try {
            Thread.sleep(limit.orElseThrow());
            late.set(true);
            closeQuietly(channel);
        } catch (InterruptedException e) {
            // answered in time
        }
    }

    private static JsonNode exchange(SocketChannel channel, ObjectNode question, OutputStream text)
            throws IOException, CommandFailedException {
        new LocalFrameWriter(channel)
                .write(new LocalFrame(DaemonSocket.COMMAND, question.toString().getBytes(StandardCharsets.UTF_8)));
        LocalFrameReader reader = new LocalFrameReader(channel);
        while (true) {
            LocalFrame frame = reader.read().orElseThrow(() -> new IOException("it closed the connection"));
            switch (frame.type()) {
                case DaemonSocket.TEXT -> writeOut(text, frame);
                case DaemonSocket.RESULT -> {
                    return result(frame);
                }
                default -> throw new IOException("unexpected frame of type " + frame.type());
            }
        }
    }

    private static JsonNode result(LocalFrame frame) throws IOException, CommandFailedException {
        JsonNode answer;
        try {
            answer = JSON.readTree(frame.fields().rest());
        } catch (JsonProcessingException e) {
            throw new IOException("its answer is not JSON", e);
        }
        if (answer.path("ok").asBoolean(false)) return answer.path("result");
        throw new CommandFailedException(
                answer.path("error").asText("the daemon gave no reason; its log may"),
                answer.path("exit").asInt(1));
    }

    private static void writeOut(OutputStream text, LocalFrame frame) throws OutputClosedException {
        ByteBuffer payload = frame.payload();
        byte[] bytes = new byte[payload.remaining()];
        payload.get(bytes);
        try {
            text.write(bytes);
            text.flush();
        } catch (IOException e) {
            throw new OutputClosedException(e);
        }
    }

    private SocketChannel connect() throws CommandFailedException {
        SocketChannel channel = null;
        try {
            channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            channel.connect(UnixDomainSocketAddress.of(socket));
            return channel;
        } catch (IOException e) {
            if (channel != null) closeQuietly(channel);
            String why = Files.exists(socket) ? reason(e) : "there is no such socket";
            throw new CommandFailedException(
                    "cannot reach the daemon at " + socket + ": " + why
                            + ". Start it with: drover daemon (as root). If it runs, see: drover doctor",
                    1,
                    e);
        }
    }

    private static String reason(IOException e) {
        if (e instanceof AccessDeniedException) return "permission denied";
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private static void closeQuietly(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // nothing is lost: the connection was to be given up
        }
    }

    /// The reader of our output went away (`drover logs 42 | head`): no failure of ours.
    private static final class OutputClosedException extends IOException {
        private static final long serialVersionUID = 1L;

        OutputClosedException(IOException cause) {
            super(cause);
        }
    }
}
