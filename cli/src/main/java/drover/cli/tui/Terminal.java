package drover.cli.tui;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// The terminal behind standard output, asked and set through stty(1), so that no native call is needed here.
///
/// @param device such as `/dev/pts/3`
public record Terminal(Path device) {
    /// Rows and columns.
    public record Size(int rows, int columns) {}

    private static final long STTY_LIMIT_SECONDS = 5;

    /// The terminal, if standard output is one.
    public static Optional<Terminal> ofStandardOutput() {
        try {
            Path target = Files.readSymbolicLink(Path.of("/proc/self/fd/1"));
            boolean tty = target.startsWith("/dev/pts") || target.toString().startsWith("/dev/tty");
            return tty || target.equals(Path.of("/dev/console")) ? Optional.of(new Terminal(target)) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    public Optional<Size> size() {
        return stty("size").flatMap(text -> {
            String[] words = text.trim().split(" ", -1);
            if (words.length != 2) return Optional.empty();
            try {
                Size size = new Size(Integer.parseInt(words[0]), Integer.parseInt(words[1]));
                return size.rows() > 0 && size.columns() > 0 ? Optional.of(size) : Optional.empty();
            } catch (NumberFormatException e) {
                return Optional.empty();
            }
        });
    }

    /// Runs stty on this terminal; empty when it fails or is missing.
    public Optional<String> stty(String... arguments) {
        String[] command = new String[arguments.length + 3];
        command[0] = "stty";
        command[1] = "-F";
        command[2] = device.toString();
        System.arraycopy(arguments, 0, command, 3, arguments.length);
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String out = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            if (!process.waitFor(STTY_LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return Optional.empty();
            }
            return process.exitValue() == 0 ? Optional.of(out) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
