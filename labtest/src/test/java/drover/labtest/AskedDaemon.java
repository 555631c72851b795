package drover.labtest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/// A node's daemon, asked at its socket as the commands ask it, with the answers that they print with `--json`. For
/// what
/// is looked at again and again: a command is a Java virtual machine of its own.
///
/// @param socket where it listens, as the machine sees it
record AskedDaemon(Path socket) {
    private static final JsonMapper JSON = new JsonMapper();
    private static final byte COMMAND = 20;
    private static final byte RESULT = 120;
    private static final int ANSWER_BYTES = 64 << 20;

    /// A command's result.
    ///
    /// @throws IOException if no daemon listens there, or it refuses
    JsonNode ask(Map<String, Object> question) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            byte[] words = JSON.writeValueAsString(question).getBytes(StandardCharsets.UTF_8);
            ByteBuffer frame = bytes(Integer.BYTES + 1 + words.length);
            frame.putInt(1 + words.length).put(COMMAND).put(words).flip();
            while (frame.hasRemaining()) channel.write(frame);
            int length = filled(channel, bytes(Integer.BYTES)).getInt();
            if (length < 1 || length > ANSWER_BYTES) throw new IOException("an answer of " + length + " bytes");
            ByteBuffer answer = filled(channel, bytes(length));
            if (answer.get() != RESULT) throw new IOException("it answers with something else than a result");
            JsonNode said = JSON.readTree(StandardCharsets.UTF_8.decode(answer).toString());
            if (!said.path("ok").asBoolean()) throw new IOException(said.toString());
            return said.path("result");
        }
    }

    private static ByteBuffer bytes(int count) {
        return ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer filled(SocketChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining())
            if (channel.read(buffer) < 0) throw new EOFException("the daemon closed the connection");
        return buffer.flip();
    }
}
