package drover.cli.command;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Signals by name, signal(7), Linux on x86-64 and ARM.
final class SignalNames {
    /// Index is the number minus one.
    private static final List<String> NAMES = List.of(
            "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
            "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
            "WINCH", "IO", "PWR", "SYS");

    private static final int LARGEST = 64;

    private SignalNames() {}

    /// `TERM` for `term`, `SIGTERM` or `15`; the number itself for a real-time signal.
    static Optional<String> canonical(String text) {
        String upper = text.toUpperCase(Locale.ROOT);
        String name = upper.startsWith("SIG") ? upper.substring(3) : upper;
        if (NAMES.contains(name)) return Optional.of(name);
        if (!text.matches("[0-9]{1,2}")) return Optional.empty();
        int number = Integer.parseInt(text);
        if (number < 1 || number > LARGEST) return Optional.empty();
        return Optional.of(number <= NAMES.size() ? NAMES.get(number - 1) : text);
    }
}
