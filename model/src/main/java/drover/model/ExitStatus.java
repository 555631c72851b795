package drover.model;

/// How a process ended, as wait(2) tells it.
public sealed interface ExitStatus {
    /// What `drover run` ends with when Drover itself could not run the command, or not to its end.
    int DROVER_FAILED = 125;

    /// Ended by itself with a status of 0 to 255.
    record Exited(int code) implements ExitStatus {
        public Exited {
            if (code < 0 || code > 255) throw new IllegalArgumentException("exit code is 0 to 255, got " + code);
        }
    }

    /// Ended by a signal.
    record Signalled(int signal, boolean coreDumped) implements ExitStatus {
        public Signalled {
            if (signal < 1 || signal > 64) throw new IllegalArgumentException("signal is 1 to 64, got " + signal);
        }
    }

    /// As a shell's `$?` shows it.
    default int shellStatus() {
        return switch (this) {
            case Exited e -> e.code();
            case Signalled s -> 128 + s.signal();
        };
    }
}
