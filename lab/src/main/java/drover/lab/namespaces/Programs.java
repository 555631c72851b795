package drover.lab.namespaces;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// Runs other programs, each with a time limit: a hung `ip` must not hang the lab.
public final class Programs {
    public static final Duration USUAL_LIMIT = Duration.ofSeconds(60);

    /// What a program left behind.
    public record Outcome(int exitStatus, String output, String errors) {
        public boolean succeeded() {
            return exitStatus == 0;
        }
    }

    private Programs() {}

    /// Runs to the end and returns what it printed; fails with its own words if its status is not 0.
    public static String run(List<String> command, String input) {
        Outcome outcome = attempt(command, input, USUAL_LIMIT);
        if (!outcome.succeeded())
            throw new LabException("cannot run '" + String.join(" ", command) + "': exit status " + outcome.exitStatus()
                    + ": " + outcome.errors().strip());
        return outcome.output();
    }

    public static String run(List<String> command) {
        return run(command, "");
    }

    /// As [#run], but an exit status other than 0 is a result.
    public static Outcome attempt(List<String> command, String input, Duration limit) {
        Process process = start(command);
        try (var readers = Executors.newVirtualThreadPerTaskExecutor()) {
            var output = CompletableFuture.supplyAsync(() -> readAll(process.getInputStream()), readers);
            var errors = CompletableFuture.supplyAsync(() -> readAll(process.getErrorStream()), readers);
            feed(process, input);
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                throw new LabException("'" + String.join(" ", command) + "' did not end within " + limit.toSeconds()
                        + " s and was killed");
            }
            return new Outcome(process.exitValue(), output.join(), errors.join());
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new LabException("interrupted while running '" + String.join(" ", command) + "'", e);
        }
    }

    private static Process start(List<String> command) {
        try {
            return new ProcessBuilder(command).start();
        } catch (IOException e) {
            throw new LabException(
                    "cannot start " + command.getFirst() + ": " + e.getMessage()
                            + "; the lab needs iproute2 and util-linux (apt install iproute2 util-linux)",
                    e);
        }
    }

    private static void feed(Process process, String input) {
        try (OutputStream to = process.getOutputStream()) {
            to.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // It ended without reading everything: its exit status says more than this would.
            return;
        }
    }

    private static String readAll(InputStream from) {
        try (from) {
            return new String(from.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
