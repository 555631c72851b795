package drover.daemon.orders;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// The words of `drover node`. All but [#LOOK] hold until they are taken back, over restarts too.
public enum NodeOrder {
    /// Others move their guests away, and no new ones are taken.
    DRAIN,
    /// All as usual: guests are taken, and own jobs leave.
    UNDRAIN,
    /// Own jobs start here only.
    STAY,
    /// No new guests are taken.
    BLOCK,
    /// Nothing changes.
    LOOK;

    static Optional<NodeOrder> parse(String word) {
        return Arrays.stream(values())
                .filter(order -> order.word().equals(word))
                .findFirst();
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
