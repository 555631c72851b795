package drover.lab.experiments;

import java.util.Arrays;
import java.util.Locale;

/// What runs the work.
public enum RunSystem {
    /// The undivided work, on one node.
    WHOLE,
    /// The sub-jobs one after the other by a plain shell, on one node: what speed-ups are measured against.
    SHELL,
    DROVER,
    /// GNU parallel over ssh with kept connections, its dispatcher outside the quotas: a generous peer.
    PARALLEL;

    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static RunSystem parse(String word) {
        return Arrays.stream(values())
                .filter(each -> each.word().equals(word))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no such system: '" + word + "'"));
    }
}
