package drover.daemon.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// One CRIU, run with what Drover has it preload where that is installed.
///
/// @param shim `drover-criu.so`, which answers CRIU where this kernel does not
record CriuProgram(String path, Path shim) {
    /// `criu check` takes a second; a hung one must not hang the doctor.
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private static final int OUTPUT_MAX_BYTES = 64 << 10;

    /// What it said; a status of -1 if it did not run to its end.
    record Said(int status, String text) {
        boolean succeeded() {
            return status == 0;
        }

        String lastLine() {
            return text.isBlank() ? "it says nothing" : text.lines().toList().getLast();
        }
    }

    Said run(String... arguments) {
        List<String> command = new ArrayList<>(List.of(path));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        if (Files.exists(shim)) builder.environment().put("LD_PRELOAD", shim.toString());
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            return new Said(-1, String.valueOf(e.getMessage()));
        }
        try {
            process.getOutputStream().close();
            var text = new StringBuilder();
            Thread reader = Thread.ofVirtual().start(() -> {
                try {
                    text.append(
                            new String(process.getInputStream().readNBytes(OUTPUT_MAX_BYTES), StandardCharsets.UTF_8));
                } catch (IOException e) {
                    text.append(e.getMessage());
                }
            });
            if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                return new Said(-1, "not ended after " + LIMIT.toSeconds() + " s");
            }
            reader.join();
            return new Said(process.exitValue(), text.toString());
        } catch (IOException e) {
            return new Said(-1, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
            return new Said(-1, "interrupted");
        }
    }
}
