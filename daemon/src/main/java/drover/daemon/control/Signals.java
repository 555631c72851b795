package drover.daemon.control;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Names of signals (signal(7), x86 and arm numbers).
final class Signals {
    private static final Map<String, Integer> NUMBERS = Map.ofEntries(
            Map.entry("HUP", 1),
            Map.entry("INT", 2),
            Map.entry("QUIT", 3),
            Map.entry("ILL", 4),
            Map.entry("TRAP", 5),
            Map.entry("ABRT", 6),
            Map.entry("BUS", 7),
            Map.entry("FPE", 8),
            Map.entry("KILL", 9),
            Map.entry("USR1", 10),
            Map.entry("SEGV", 11),
            Map.entry("USR2", 12),
            Map.entry("PIPE", 13),
            Map.entry("ALRM", 14),
            Map.entry("TERM", 15),
            Map.entry("CHLD", 17),
            Map.entry("CONT", 18),
            Map.entry("STOP", 19),
            Map.entry("TSTP", 20),
            Map.entry("TTIN", 21),
            Map.entry("TTOU", 22),
            Map.entry("URG", 23),
            Map.entry("WINCH", 28));

    /// What the kernel does for a process that says nothing else: these do not end it.
    private static final Set<Integer> HARMLESS = Set.of(17, 18, 19, 20, 21, 22, 23, 28);

    /// A deputy adds this to a signal that is meant for the whole foreground group, as a key on the terminal is.
    static final int TO_GROUP = 0x80;

    private Signals() {}

    static boolean isOne(int signal) {
        return signal >= 1 && signal <= 64;
    }

    /// Whether a process that has made no other arrangement dies of it.
    static boolean endsByDefault(int signal) {
        return !HARMLESS.contains(signal);
    }

    /// Reads `TERM`, `SIGTERM`, `term` or `15`.
    static Optional<Integer> parse(String text) {
        String name = text.toUpperCase(Locale.ROOT);
        if (name.startsWith("SIG")) name = name.substring(3);
        Integer number = NUMBERS.get(name);
        if (number != null) return Optional.of(number);
        try {
            int plain = Integer.parseInt(text);
            return isOne(plain) ? Optional.of(plain) : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    static String name(int signal) {
        return NUMBERS.entrySet().stream()
                .filter(entry -> entry.getValue() == signal)
                .map(entry -> "SIG" + entry.getKey())
                .findFirst()
                .orElse("signal " + signal);
    }
}
