package drover.lab.scenarios;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/// Shows on stderr how far something is: one line that is rewritten on a terminal, one line per step otherwise.
public final class Progress {
    private static final int BAR_CELLS = 30;
    private final PrintStream out;
    private final boolean terminal;
    private final long startedNs = System.nanoTime();
    private int lastLength;
    private long lastPlainNs = Long.MIN_VALUE;

    public Progress(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    public static Progress onStderr() {
        return new Progress(System.err, stderrIsTerminal());
    }

    private static boolean stderrIsTerminal() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return System.getenv("TERM") != null && (target.startsWith("/dev/pts/") || target.startsWith("/dev/tty"));
        } catch (IOException e) {
            return false;
        }
    }

    /// A line that stays.
    public synchronized void say(String text) {
        clear();
        out.println(text);
    }

    /// Where it is: rewritten on a terminal; otherwise at most every ten seconds, so that a log stays readable.
    public synchronized void at(String what, int done, int all) {
        String bar = bar(done, all) + " " + done + "/" + all + " " + what + " " + elapsed();
        if (terminal) {
            clear();
            out.print(bar);
            out.flush();
            lastLength = bar.length();
        } else if (lastPlainNs == Long.MIN_VALUE || System.nanoTime() - lastPlainNs > 10_000_000_000L || done == all) {
            lastPlainNs = System.nanoTime();
            out.println(bar);
        }
    }

    public synchronized void clear() {
        if (lastLength == 0) return;
        out.print("\r" + " ".repeat(lastLength) + "\r");
        lastLength = 0;
    }

    static String bar(int done, int all) {
        int filled = all == 0 ? BAR_CELLS : Math.clamp((long) done * BAR_CELLS / all, 0, BAR_CELLS);
        return "[" + "#".repeat(filled) + ".".repeat(BAR_CELLS - filled) + "]";
    }

    private String elapsed() {
        Duration since = Duration.ofNanos(System.nanoTime() - startedNs);
        return "(%d:%02d)".formatted(since.toMinutes(), since.toSecondsPart());
    }
}
