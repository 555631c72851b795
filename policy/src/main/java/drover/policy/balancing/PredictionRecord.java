package drover.policy.balancing;

import java.time.Duration;

/// How a node's predictions of gain came true. Immutable; one for each node, updated after each move.
///
/// The ratio measured / predicted, held to 0 to 2, is smoothed as the loads are, (7 old + new) / 8. A node whose
/// moves bring half of what it said asks twice the gain for the next one: a node that keeps getting them wrong
/// moves less, and one that is right again recovers, since its few moves are the sure ones.
///
/// @param ratio smoothed measured over predicted gain; 1 before the first move
/// @param moves moves recorded
public record PredictionRecord(double ratio, long moves) {
    /// Before the first move.
    public static final PredictionRecord NEW = new PredictionRecord(1, 0);

    private static final double LEAST = 1.0 / 16; // a node that was always wrong asks 16 times the gain

    public PredictionRecord {
        if (!(ratio >= 0 && ratio <= 2)) throw new IllegalArgumentException("ratio must be 0 to 2, got " + ratio);
        if (moves < 0) throw new IllegalArgumentException("moves must be >= 0, got " + moves);
    }

    /// The record after one more move, whose guest has ended or left the node it came to.
    ///
    /// Predicted was a saving of `stretchHere - stretchThere` for each second of work; the guest did `work` there
    /// in `took`, which without the move would have taken `work * stretchHere`.
    ///
    /// @param took the time of the move itself included
    public PredictionRecord with(double stretchHere, double stretchThere, Duration work, Duration took) {
        double predicted = (stretchHere - stretchThere) * work.toNanos();
        if (!(predicted > 0)) return this; // it ended before it could tell
        double came = (stretchHere * work.toNanos() - took.toNanos()) / predicted;
        return new PredictionRecord((7 * ratio + Math.clamp(came, 0, 2)) / 8, moves + 1);
    }

    /// The record after that move, with what its guest has done since. One for memory promised no time.
    ///
    /// @param took the time of the move itself included
    public PredictionRecord after(BalancingDecision.Move move, Duration work, Duration took) {
        return switch (move.cause()) {
            case MEMORY -> this;
            case PROCESSOR -> with(move.stretchHere(), move.stretchThere(), work, took);
        };
    }

    /// By how much a predicted gain has to exceed the usual demand; at least 1.
    double caution() {
        return 1 / Math.clamp(ratio, LEAST, 1);
    }
}
