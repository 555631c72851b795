package drover.linux.procfs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// Reads of small files that the kernel makes up: one open, one read, no stream. Not thread-safe: a reader
/// keeps its buffer.
final class KernelFile {
    private static final int LIMIT_BYTES =
            16 * 1024; // what is needed of /proc/stat and the like comes first or is small

    private final ByteBuffer buffer = ByteBuffer.allocate(LIMIT_BYTES);

    /// The text of the file, at most its first 16 KiB.
    String read(Path path) throws IOException {
        buffer.clear();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            while (buffer.hasRemaining() && channel.read(buffer) > 0) {}
        }
        return new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII);
    }

    /// The text of the file, or empty where this kernel or cgroup does not have it.
    Optional<String> readIfThere(Path path) {
        if (!Files.exists(path)) return Optional.empty();
        try {
            return Optional.of(read(path));
        } catch (IOException e) {
            return Optional.empty(); // it vanished, or the kernel has the file but not the feature (EOPNOTSUPP for PSI)
        }
    }

    /// The number after `key` at the start of a line of `text`.
    static Optional<Long> number(String text, String key) {
        int line = text.startsWith(key) ? 0 : text.indexOf("\n" + key) + 1;
        if (line == 0 && !text.startsWith(key)) return Optional.empty();
        int from = line + key.length();
        while (from < text.length() && (text.charAt(from) == ' ' || text.charAt(from) == '\t')) from++;
        int to = from;
        while (to < text.length() && Character.isDigit(text.charAt(to))) to++;
        return to == from ? Optional.empty() : Optional.of(Long.parseLong(text, from, to, 10));
    }
}
