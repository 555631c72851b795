package drover.labtest;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
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

    @SuppressWarnings("JdkObsolete")
    private final StringBuffer seenErrors = new StringBuffer();

    private final CompletableFuture<Void> output;
    private final CompletableFuture<Void> errors;

    private Command(List<String> words) throws IOException {
        this.words = words;
        process = new ProcessBuilder(words).start();
        var readers = Executors.newVirtualThreadPerTaskExecutor();
        output = CompletableFuture.runAsync(
                () -> collect(process.getInputStream(), StandardCharsets.ISO_8859_1, seen), readers);
        errors = CompletableFuture.runAsync(
                () -> collect(process.getErrorStream(), StandardCharsets.UTF_8, seenErrors), readers);
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

    /// What it wrote to stderr so far.
    String seenErrors() {
        return seenErrors.toString();
    }

    Outcome await(Duration limit) throws InterruptedException {
        if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
            close();
            fail("'" + String.join(" ", words) + "' did not end within " + limit.toSeconds() + " s; stdout: "
                    + end(seen.toString(), 3) + "; stderr: " + end(seenErrors.toString(), 5));
        }
        try {
            output.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            errors.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            return new Outcome(process.exitValue(), seen.toString(), seenErrors.toString());
        } catch (TimeoutException e) {
            return fail("'" + String.join(" ", words) + "' has ended, but something still holds its output open");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /// The last lines of a text, as one line: a report of failed tests shows no more.
    static String end(String text, int lines) {
        List<String> all = text.lines().toList();
        return String.join(" | ", all.subList(Math.max(0, all.size() - lines), all.size()));
    }

    private static void collect(InputStream from, Charset charset, StringBuffer into) {
        try (var reader = new InputStreamReader(from, charset)) {
            char[] chunk = new char[8192];
            for (int n; (n = reader.read(chunk)) >= 0; ) into.append(chunk, 0, n);
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
