package drover.policy.balancing;

import java.time.Duration;

/// What restrains balancing. Each has a unit and a reason.
///
/// @param movesMax moves in a guest's life: the seed's complaint was hopping, and each move doubles what the next
///     must gain, so a guest that needs more has been moved for nothing
/// @param residency least stay on a node before the next move: MOSIX waited 2 s, since a move shows in the
///     loads only after that
/// @param fixedCost of any move: dump, restore and commit of an empty guest
/// @param bytesReserve memory that a node keeps free, and that no move may take from its target
public record BalancingLimits(int movesMax, Duration residency, Duration fixedCost, long bytesReserve) {
    /// For a cluster as it comes.
    public static final BalancingLimits USUAL =
            new BalancingLimits(5, Duration.ofSeconds(2), Duration.ofMillis(300), 32L << 20);

    public BalancingLimits {
        if (movesMax < 0) throw new IllegalArgumentException("movesMax must be >= 0, got " + movesMax);
        if (residency.isNegative()) throw new IllegalArgumentException("residency must be >= 0, got " + residency);
        if (fixedCost.isNegative()) throw new IllegalArgumentException("fixedCost must be >= 0, got " + fixedCost);
        if (bytesReserve < 0) throw new IllegalArgumentException("bytesReserve must be >= 0, got " + bytesReserve);
    }
}
