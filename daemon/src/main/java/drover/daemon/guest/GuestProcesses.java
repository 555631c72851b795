package drover.daemon.guest;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The processes of a guest, as this node's /proc has them. Stateless; any thread. It sends no request to home.
final class GuestProcesses {
    private static final Path PROC = Path.of("/proc");
    private static final String ANONYMOUS = "RssAnon:";
    private static final String NUMBERS = "NSpid:";

    private GuestProcesses() {}

    /// Their directories in /proc.
    ///
    /// @param init the directory of its first process
    static List<Path> of(Path init) throws IOException {
        String namespace = namespaceOf(init);
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path process : all)
                try {
                    if (namespaceOf(process).equals(namespace)) found.add(process);
                } catch (IOException e) {
                    // it has ended meanwhile
                }
        }
        return found;
    }

    static Path directory(int hostPid) {
        return PROC.resolve(Integer.toString(hostPid));
    }

    private static String namespaceOf(Path process) throws IOException {
        return Files.readSymbolicLink(process.resolve("ns/pid")).toString();
    }

    /// The same, by the numbers that they have in the guest.
    static Map<Integer, Path> byNumber(int initHostPid) throws IOException {
        Map<Integer, Path> found = new HashMap<>();
        for (Path process : of(directory(initHostPid))) {
            String numbers = field(process, NUMBERS);
            if (!numbers.isEmpty())
                found.put(Integer.parseInt(numbers.substring(numbers.lastIndexOf('\t') + 1)), process);
        }
        return found;
    }

    /// What they have in memory that is in no file, shared pages counted for each.
    static long anonymousBytes(int initHostPid) throws IOException {
        long bytes = 0;
        for (Path process : of(directory(initHostPid))) {
            String size = field(process, ANONYMOUS); // a zombie has none
            if (!size.isEmpty()) bytes += 1024 * Long.parseLong(size.substring(0, size.indexOf(' ')));
        }
        return bytes;
    }

    /// Whether one of them has so much in one piece.
    static boolean hasPieceOf(int initHostPid, long bytes) throws IOException {
        for (Path process : of(directory(initHostPid)))
            try {
                for (String line : Files.readAllLines(process.resolve("maps"))) {
                    int dash = line.indexOf('-');
                    long from = Long.parseUnsignedLong(line.substring(0, dash), 16);
                    long to = Long.parseUnsignedLong(line.substring(dash + 1, line.indexOf(' ')), 16);
                    if (to - from >= bytes) return true;
                }
            } catch (IOException e) {
                // it has ended meanwhile
            }
        return false;
    }

    private static String field(Path process, String name) {
        try {
            for (String line : Files.readAllLines(process.resolve("status")))
                if (line.startsWith(name)) return line.substring(name.length()).strip();
        } catch (IOException e) {
            // it has ended meanwhile
        }
        return "";
    }
}
