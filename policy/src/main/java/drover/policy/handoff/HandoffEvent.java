package drover.policy.handoff;

import java.util.Objects;

/// What home hears, or finds out, of a move.
public sealed interface HandoffEvent {
    /// The target can take the guest.
    record TargetReady() implements HandoffEvent {}

    /// The guest is complete on the target, held on both nodes, and runs on neither.
    record TargetRestored() implements HandoffEvent {}

    /// The journal says on disk that the guest is the target's.
    record RowWritten() implements HandoffEvent {}

    /// No process of the guest is left on the source, or none may run there any more.
    record SourceDead() implements HandoffEvent {}

    /// The guest runs on the target.
    record TargetRuns() implements HandoffEvent {}

    /// It cannot be done, or takes too long.
    ///
    /// @param reason for the user
    record Failed(String reason) implements HandoffEvent {
        public Failed {
            Objects.requireNonNull(reason);
        }
    }

    /// A node that was told may have forgotten, or never heard: say again what is to be done.
    record SayAgain() implements HandoffEvent {}
}
