package drover.policy.balancing;

import drover.model.LoadVector;
import java.time.Duration;

/// What restrains balancing. Each has a unit and a reason.
///
/// @param movesMax moves in a guest's life: the seed's complaint was hopping, and each move doubles what the next
///     must gain, so a guest that needs more has been moved for nothing
/// @param residency least stay on a node before the next move: MOSIX waited 2 s, since a move shows in the
///     loads only after that
/// @param fixedCost of any move: dump, restore and commit of an empty guest
/// @param reserveShare part of a node's memory that it keeps free, and that no move may take from its target: what its
///     guests can grow by until one of them has left
/// @param reserveLeastBytes bound of that on a small node
/// @param reserveMostBytes bound of that on a large one
public record BalancingLimits(
        int movesMax,
        Duration residency,
        Duration fixedCost,
        double reserveShare,
        long reserveLeastBytes,
        long reserveMostBytes) {
    /// For a cluster as it comes.
    public static final BalancingLimits USUAL =
            new BalancingLimits(5, Duration.ofSeconds(2), Duration.ofMillis(300), 1.0 / 8, 32L << 20, 1L << 30);

    public BalancingLimits {
        if (movesMax < 0) throw new IllegalArgumentException("movesMax must be >= 0, got " + movesMax);
        if (residency.isNegative()) throw new IllegalArgumentException("residency must be >= 0, got " + residency);
        if (fixedCost.isNegative()) throw new IllegalArgumentException("fixedCost must be >= 0, got " + fixedCost);
        if (!(reserveShare >= 0 && reserveShare < 1))
            throw new IllegalArgumentException("reserveShare must be 0 to 1, got " + reserveShare);
        if (reserveLeastBytes < 0 || reserveMostBytes < reserveLeastBytes)
            throw new IllegalArgumentException(
                    "reserves must be 0 <= least <= most, got " + reserveLeastBytes + " and " + reserveMostBytes);
    }

    /// The same where moves are known to take longer than usual.
    public BalancingLimits withFixedCost(Duration atLeast) {
        Duration cost = fixedCost.compareTo(atLeast) < 0 ? atLeast : fixedCost;
        return new BalancingLimits(movesMax, residency, cost, reserveShare, reserveLeastBytes, reserveMostBytes);
    }

    /// What a node keeps free.
    public long reserveBytes(LoadVector node) {
        long share = (long) (node.memoryTotalBytes() * reserveShare);
        return Math.clamp(share, reserveLeastBytes, reserveMostBytes);
    }
}
