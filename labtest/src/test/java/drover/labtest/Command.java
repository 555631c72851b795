package drover.labtest;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A command that runs. Its outputs are collected from the start, so it never waits for the test.
final class Command implements AutoCloseable {
    /// Long enough for a loaded machine; whoever waits this long is stuck.
    static final Duration LIMIT = Duration.ofSeconds(90);

    private final List<String> words;
    private final Process process;

    @SuppressWarnings("JdkObsolete") // the reading thread appends while others look
    private final StringBuffer seen = new StringBuffer();

    private final CompletableFuture<Void> output;
    private final CompletableFuture<String> errors;

    private Command(List<String> words) throws IOException {
        this.words = words;
        process = new ProcessBuilder(words).start();
        var readers = Executors.newVirtualThreadPerTaskExecutor();
        output = CompletableFuture.runAsync(() -> collect(process.getInputStream()), readers);
        errors = CompletableFuture.supplyAsync(() -> all(process.getErrorStream()), readers);
        readers.shutdown();
    }

    static Command start(List<String> words) throws IOException {
        return new Command(words);
    }

    static Outcome run(List<String> words, Duration limit) throws IOException, InterruptedException {
        try (Command command = start(words)) {
            command.process.getOutputStream().close();
            return command.await(limit);
        }
    }

    long pid() {
        return process.pid();
    }

    boolean isRunning() {
        return process.isAlive();
    }

    OutputStream input() {
        return process.getOutputStream();
    }

    /// What it wrote to stdout so far.
    String seen() {
        return seen.toString();
    }

    Outcome await(Duration limit) throws InterruptedException {
        if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
            close();
            fail("'" + String.join(" ", words) + "' did not end within " + limit.toSeconds() + " s; stdout: " + seen
                    + "; stderr: " + errors.join());
        }
        try {
            output.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            String said = errors.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            return new Outcome(process.exitValue(), seen.toString(), said);
        } catch (TimeoutException e) {
            return fail("'" + String.join(" ", words) + "' has ended, but something still holds its output open");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private void collect(InputStream from) {
        byte[] chunk = new byte[8192];
        try (from) {
            for (int n; (n = from.read(chunk)) >= 0; )
                seen.append(new String(chunk, 0, n, StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String all(InputStream from) {
        try (from) {
            return new String(from.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
