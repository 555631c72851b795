package drover.linux.procfs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A file the kernel makes up and that is read again and again: it stays open, and each look is one system call. Only
/// its first 4 KiB are read. Not thread-safe.
final class KeptFile {
    private static final int LIMIT_BYTES = 4096; // one call of the kernel gives no more

    private final Path path;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(LIMIT_BYTES);
    private FileChannel channel; // null before the first look, and after one that failed

    KeptFile(Path path) {
        this.path = path;
    }

    String read() throws IOException {
        if (channel == null) channel = FileChannel.open(path, StandardOpenOption.READ);
        buffer.clear();
        byte[] bytes = new byte[Math.max(0, length())];
        buffer.get(0, bytes);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private int length() throws IOException {
        try {
            return channel.read(buffer, 0);
        } catch (IOException e) {
            channel.close();
            channel = null;
            throw e;
        }
    }
}
