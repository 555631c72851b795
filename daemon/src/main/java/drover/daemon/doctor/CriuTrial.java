package drover.daemon.doctor;

import drover.daemon.doctor.CriuProgram.Said;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Dumps a small process, sees it dead, restores it, sees it alive: what `criu check` does not prove. The process is an
/// ordinary user's and has an Internet socket, since these are what kernels refuse CRIU.
final class CriuTrial {
    private static final Duration LIMIT = Duration.ofSeconds(5);
    private static final long LOOK_MILLIS = 10;
    private static final String NAME = "sleep";

    private static final String[] PROCESS = {
        "setsid",
        "setpriv",
        "--reuid",
        "65534",
        "--regid",
        "65534",
        "--clear-groups",
        "bash",
        "-c",
        "exec 3<>/dev/udp/127.0.0.1/9; exec " + NAME + " 1000"
    };

    private final CriuProgram criu;
    private final Path images;

    private CriuTrial(CriuProgram criu, Path images) {
        this.criu = criu;
        this.images = images;
    }

    /// What went wrong; empty if nothing did.
    static Optional<String> whyItFails(CriuProgram criu) {
        try {
            Path images = Files.createTempDirectory("drover-criu");
            try {
                return new CriuTrial(criu, images).run();
            } finally {
                remove(images);
            }
        } catch (IOException e) {
            return Optional.of("cannot try it: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of("interrupted");
        }
    }

    private Optional<String> run() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(PROCESS)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(Redirect.DISCARD)
                .redirectError(Redirect.DISCARD)
                .start();
        long pid = process.pid();
        try {
            if (!comesToSleep(pid)) return Optional.of("cannot start a process to try it with");
            Optional<String> whyNot = failure("dump", "--tree", String.valueOf(pid));
            if (whyNot.isPresent()) return whyNot;
            if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS))
                return Optional.of("it left the dumped process alive");
            whyNot = failure("restore", "--restore-detached");
            if (whyNot.isPresent()) return whyNot;
            return isAsleep(pid) ? Optional.empty() : Optional.of("the process that it says it restored is not there");
        } finally {
            if (process.isAlive() || isAsleep(pid)) ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    /// Empty if CRIU succeeded.
    private Optional<String> failure(String action, String... more) throws IOException {
        String log = action + ".log";
        Said said = criu.run(Stream.concat(
                        Stream.of(action, "-D", images.toString(), "-o", log, "-v2", "--manage-cgroups=ignore"),
                        Stream.of(more))
                .toArray(String[]::new));
        if (said.succeeded()) return Optional.empty();
        Path file = images.resolve(log);
        String why = Files.exists(file)
                ? Files.readString(file)
                        .lines()
                        .filter(CriuTrial::isTheCause)
                        .findFirst()
                        .orElse(said.lastLine())
                : said.lastLine();
        return Optional.of("it cannot " + action + " a process: " + why);
    }

    /// That its own limit of descriptors stays as it is is said by each run without CAP_SYS_RESOURCE, and harms
    /// nothing.
    private static boolean isTheCause(String line) {
        return line.contains("Error") && !line.contains("RLIMIT_NOFILE for self");
    }

    private static boolean comesToSleep(long pid) throws InterruptedException {
        for (long end = System.nanoTime() + LIMIT.toNanos(); !isAsleep(pid); Thread.sleep(LOOK_MILLIS))
            if (System.nanoTime() - end > 0) return false;
        return true;
    }

    private static boolean isAsleep(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/comm")).strip().equals(NAME);
        } catch (IOException e) {
            return false; // it has ended
        }
    }

    private static void remove(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) Files.delete(file);
        }
        Files.delete(directory);
    }
}
