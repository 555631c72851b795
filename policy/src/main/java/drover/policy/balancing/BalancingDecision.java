package drover.policy.balancing;

import drover.model.JobId;
import drover.model.NodeId;
import java.time.Duration;

/// Which guest should move where, or why none should.
public sealed interface BalancingDecision {
    /// Nobody moves.
    record Stay(String reason) implements BalancingDecision {}

    /// This guest moves.
    ///
    /// @param gain what the guests of both nodes together are expected to save, in guest-seconds
    /// @param cost what the move is expected to take from the guest
    /// @param stretchHere seconds that the guest needs for a second's work as things are
    /// @param stretchThere seconds that it is expected to need there; with `stretchHere` what
    ///     [PredictionRecord#with] compares with the measurement
    record Move(
            JobId job,
            NodeId target,
            Cause cause,
            Duration gain,
            Duration cost,
            double stretchHere,
            double stretchThere,
            String reason)
            implements BalancingDecision {}

    /// Why a guest moves.
    enum Cause {
        /// It and its neighbours get more of a processor.
        PROCESSOR,
        /// The node it is on runs out of memory.
        MEMORY
    }
}
