package drover.daemon.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Whether there is a CRIU that knows this kernel. Jobs run without one.
final class CriuCheck {
    /// `criu check` takes a second; a hung one must not hang the doctor.
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private static final List<String> PLACES =
            List.of("/usr/local/lib/drover/criu/bin/criu", "/usr/sbin/criu", "/usr/bin/criu", "/usr/local/sbin/criu");
    private static final Pattern VERSION = Pattern.compile("Version:\\s*(\\d+)\\.(\\d+)\\S*");
    private static final String WITHOUT = "; jobs run without it, moving a running job needs it";

    private CriuCheck() {}

    static Finding look(Map<String, String> environment, boolean isRoot) {
        List<String> places = new ArrayList<>(PLACES);
        Optional.ofNullable(environment.get("DROVER_CRIU")).ifPresent(places::addFirst);
        Optional<String> criu = places.stream()
                .filter(place -> Files.isExecutable(Path.of(place)))
                .findFirst();
        if (criu.isEmpty()) return Finding.note("criu", "none is installed" + WITHOUT + "; as root: setup/criu");
        Matcher version = VERSION.matcher(said(List.of(criu.get(), "--version")).text);
        if (!version.find()) return Finding.note("criu", criu.get() + " does not say its version" + WITHOUT);
        String found = criu.get() + " " + version.group(1) + "." + version.group(2);
        int number = Integer.parseInt(version.group(1)) * 1000 + Integer.parseInt(version.group(2));
        if (number < 4001)
            return Finding.note("criu", found + " is older than 4.1" + WITHOUT + "; as root: setup/criu");
        if (!isRoot) return Finding.note("criu", found + "; only root can run its own check");
        Said check = said(List.of(criu.get(), "check"));
        return check.status == 0
                ? Finding.ok("criu", found + ", its own check passes; a real dump and restore: setup/criu --check")
                : Finding.note("criu", found + ", its own check fails" + WITHOUT + ": " + lastLine(check.text));
    }

    private record Said(int status, String text) {}

    private static Said said(List<String> command) {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            return new Said(-1, String.valueOf(e.getMessage()));
        }
        try {
            process.getOutputStream().close();
            var text = new StringBuilder();
            Thread reader = Thread.ofVirtual().start(() -> {
                try {
                    text.append(new String(process.getInputStream().readNBytes(64 << 10), StandardCharsets.UTF_8));
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

    private static String lastLine(String text) {
        return text.isBlank() ? "it says nothing" : text.lines().toList().getLast();
    }
}
