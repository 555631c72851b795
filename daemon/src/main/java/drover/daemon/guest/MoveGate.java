package drover.daemon.guest;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Looks for what cannot move, in /proc. What it finds is found before anything is held, so that the guest
/// notices nothing; what it cannot find makes CRIU fail, and the guest goes on. It sends no request to home.
final class MoveGate {
    private static final String DELETED = " (deleted)";
    /// What init keeps when it has started the job's program and has nothing else to do: CAP_KILL.
    private static final String SETTLED = "CapPrm:\t0000000000000020";

    private static final Duration SETTLING = Duration.ofSeconds(10);
    private static final int LOOK_MILLIS = 10;

    private MoveGate() {}

    /// Why the guest with this init cannot move; empty if nothing is known against it. Waits for a guest that is just
    /// being started: until then its init holds what is of its node.
    static Optional<String> objection(int initPid) {
        try {
            Path init = GuestProcesses.directory(initPid);
            if (!settles(init)) return Optional.of("it is still being started; try again");
            Set<String> mounts = mounts(init);
            for (Path process : GuestProcesses.of(init)) {
                Optional<String> found = objectionOf(process, mounts);
                if (found.isPresent()) return found.map(why -> why + " (process '" + name(process) + "')");
            }
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of("its processes cannot be looked at: " + e.getMessage());
        }
    }

    private static boolean settles(Path init) throws IOException {
        long deadline = System.nanoTime() + SETTLING.toNanos();
        try {
            while (!isSettled(init)) {
                if (System.nanoTime() - deadline > 0) return false;
                Thread.sleep(LOOK_MILLIS);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /// It has left what is of the node, and reads its second control socket only.
    private static boolean isSettled(Path init) throws IOException {
        if (!Files.readAllLines(init.resolve("status")).contains(SETTLED)) return false;
        int sockets = 0;
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(init.resolve("fd"))) {
            for (Path descriptor : descriptors)
                if (Files.readSymbolicLink(descriptor).toString().startsWith("socket:")) sockets++;
        } catch (NoSuchFileException e) {
            return false; // it closed one just now
        }
        return sockets <= 1;
    }

    /// The numbers of all its mounts.
    private static Set<String> mounts(Path process) throws IOException {
        return Files.readAllLines(process.resolve("mountinfo")).stream()
                .map(line -> line.substring(0, line.indexOf(' ')))
                .collect(Collectors.toSet());
    }

    private static String name(Path process) {
        try {
            return Files.readString(process.resolve("comm")).strip();
        } catch (IOException e) {
            return process.getFileName().toString();
        }
    }

    private static Optional<String> objectionOf(Path process, Set<String> mounts) throws IOException {
        try {
            for (String line : Files.readAllLines(process.resolve("status"))) {
                if (line.startsWith("TracerPid:") && !line.endsWith("\t0"))
                    return Optional.of("a process of it is traced by another");
                if (line.startsWith("State:\tZ")) return Optional.empty(); // it has nothing any more
            }
            try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
                for (Path descriptor : descriptors) {
                    Optional<String> why = objectionTo(process, descriptor, mounts);
                    if (why.isPresent()) return why;
                }
            }
            return Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty(); // it has ended meanwhile
        }
    }

    private static Optional<String> objectionTo(Path process, Path descriptor, Set<String> mounts) throws IOException {
        String target = Files.readSymbolicLink(descriptor).toString();
        if (target.equals("anon_inode:[io_uring]")) return Optional.of("it uses io_uring");
        if (target.equals("anon_inode:[perf_event]")) return Optional.of("it counts events of a processor");
        Path information = process.resolve("fdinfo").resolve(descriptor.getFileName());
        if (target.equals("anon_inode:[eventfd]")
                && field(information, "eventfd-semaphore:").equals("1"))
            return Optional.of("it uses an eventfd as a semaphore");
        // of a mount of the kernel's own; a terminal that was restored looks the same, but is no file
        if (target.matches("/[^/]+")
                && !target.endsWith(DELETED)
                && !mounts.contains(field(information, "mnt_id:"))
                && Files.isRegularFile(descriptor)) return Optional.of("it has a POSIX message queue open");
        return Optional.empty();
    }

    private static String field(Path information, String name) throws IOException {
        return Files.readAllLines(information).stream()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(name.length()).strip())
                .findFirst()
                .orElse("");
    }
}
