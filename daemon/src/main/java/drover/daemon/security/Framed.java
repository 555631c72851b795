package drover.daemon.security;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// The frames of enrolment: a little-endian u32 length and that many bytes of JSON.
final class Framed {
    /// A request is one CSR, an answer at most the list of peers and of revocations.
    static final int REQUEST_LIMIT_BYTES = 16 << 10;

    static final int ANSWER_LIMIT_BYTES = 4 << 20;
    private static final ObjectMapper JSON = new ObjectMapper();

    private Framed() {}

    static void write(OutputStream out, JsonNode message) throws IOException {
        byte[] content = JSON.writeValueAsBytes(message);
        out.write(ByteBuffer.allocate(4 + content.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(content.length)
                .put(content)
                .array());
        out.flush();
    }

    static JsonNode read(InputStream in, int limitBytes) throws IOException {
        byte[] head = in.readNBytes(4);
        if (head.length < 4) throw new EOFException("the peer closed the connection");
        long length = Integer.toUnsignedLong(
                ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt());
        if (length == 0 || length > limitBytes)
            throw new IOException("a message of " + length + " bytes, allowed are 1 to " + limitBytes);
        byte[] content = in.readNBytes((int) length);
        if (content.length < length) throw new EOFException("the message is cut off");
        JsonNode message = JSON.readTree(content);
        if (message == null || !message.isObject()) throw new IOException("the message is no JSON object");
        return message;
    }
}
