package drover.daemon.guest;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Looks for what cannot move, in /proc. What it finds is found before anything is held, so that the guest
/// notices nothing; what it cannot find makes CRIU fail, and the guest goes on. It sends no request to home.
final class MoveGate {
    private static final Path PROC = Path.of("/proc");

    private static final String UNREAD_PERIOD = "a periodic timer of it has run out and was not read yet; try again";

    private MoveGate() {}

    /// Why the guest with this init cannot move; empty if nothing is known against it.
    static Optional<String> objection(int initPid) {
        try {
            String namespace = namespaceOf(PROC.resolve("" + initPid));
            Optional<String> root = rootMount(PROC.resolve("" + initPid));
            for (Path process : processesIn(namespace)) {
                Optional<String> found = objectionOf(process, root);
                if (found.isPresent()) return found.map(why -> why + " (process '" + name(process) + "')");
            }
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of("its processes cannot be looked at: " + e.getMessage());
        }
    }

    /// Why the guest that CRIU holds must not move after all: what may have come about since it was looked at
    /// first.
    static Optional<String> objectionToHeld(int initPid) {
        try {
            for (Path process : processesIn(namespaceOf(PROC.resolve("" + initPid)))) {
                try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
                    for (Path descriptor : descriptors)
                        if (isTimer(descriptor) && hasUnreadPeriod(informationOf(process, descriptor)))
                            return Optional.of(UNREAD_PERIOD);
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of("its processes cannot be looked at: " + e.getMessage());
        }
    }

    private static boolean isTimer(Path descriptor) throws IOException {
        return Files.readSymbolicLink(descriptor).toString().equals("anon_inode:[timerfd]");
    }

    private static Path informationOf(Path process, Path descriptor) {
        return process.resolve("fdinfo").resolve(descriptor.getFileName());
    }

    private static List<Path> processesIn(String namespace) throws IOException {
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

    private static String namespaceOf(Path process) throws IOException {
        return Files.readSymbolicLink(process.resolve("ns/pid")).toString();
    }

    /// The number of the mount of home's files.
    private static Optional<String> rootMount(Path process) throws IOException {
        return Files.readAllLines(process.resolve("mountinfo")).stream()
                .map(line -> line.split(" "))
                .filter(words -> words.length > 4 && words[4].equals("/"))
                .map(words -> words[0])
                .findFirst();
    }

    private static String name(Path process) {
        try {
            return Files.readString(process.resolve("comm")).strip();
        } catch (IOException e) {
            return process.getFileName().toString();
        }
    }

    private static Optional<String> objectionOf(Path process, Optional<String> root) throws IOException {
        try {
            for (String line : Files.readAllLines(process.resolve("status")))
                if (line.startsWith("TracerPid:") && !line.endsWith("\t0"))
                    return Optional.of("a process of it is traced by another");
            try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
                for (Path descriptor : descriptors) {
                    Optional<String> why = objectionTo(process, descriptor, root);
                    if (why.isPresent()) return why;
                }
            }
            return Optional.empty();
        } catch (java.nio.file.NoSuchFileException e) {
            return Optional.empty(); // it has ended meanwhile
        }
    }

    private static Optional<String> objectionTo(Path process, Path descriptor, Optional<String> root)
            throws IOException {
        String target = Files.readSymbolicLink(descriptor).toString();
        if (target.equals("anon_inode:[io_uring]")) return Optional.of("it uses io_uring");
        if (target.equals("anon_inode:[perf_event]")) return Optional.of("it counts events of a processor");
        Path information = informationOf(process, descriptor);
        if (isTimer(descriptor) && hasUnreadPeriod(information)) return Optional.of(UNREAD_PERIOD);
        if (target.endsWith(" (deleted)")
                && root.isPresent()
                && field(information, "mnt_id:").equals(root.get()))
            return Optional.of("it has a file open that has no name any more: "
                    + target.substring(0, target.length() - " (deleted)".length()));
        return Optional.empty();
    }

    /// CRIU forgets that it has run out, and the guest waits for ever.
    private static boolean hasUnreadPeriod(Path information) throws IOException {
        return !field(information, "ticks:").equals("0")
                && !field(information, "it_interval:").equals("(0, 0)");
    }

    private static String field(Path information, String name) throws IOException {
        return Files.readAllLines(information).stream()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(name.length()).strip())
                .findFirst()
                .orElse("");
    }
}
