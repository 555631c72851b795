package drover.daemon.control;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// `--net`: which network a job has.
public enum NetworkChoice {
    /// None but a loopback of its own.
    NONE,
    /// That of the node where it runs.
    NODE,
    /// Home's.
    HOME;

    static Optional<NetworkChoice> ofWord(String word) {
        return Arrays.stream(values())
                .filter(choice -> choice.word().equals(word))
                .findFirst();
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
