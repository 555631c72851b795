package drover.protocol.local;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/// Writes frames to a blocking channel. Any thread; frames are never interleaved.
public final class LocalFrameWriter {
    private final WritableByteChannel channel;

    public LocalFrameWriter(WritableByteChannel channel) {
        this.channel = channel;
    }

    public synchronized void write(LocalFrame frame) throws IOException {
        ByteBuffer bytes = frame.encoded();
        while (bytes.hasRemaining()) channel.write(bytes);
    }
}
