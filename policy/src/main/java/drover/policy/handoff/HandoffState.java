package drover.policy.handoff;

/// How far a move has come, as home sees it. Until [Committed] it can be undone and the source has the guest;
/// from then on it must be finished, and the target has it.
public sealed interface HandoffState {
    /// Who may let the guest run. Never two.
    enum Runner {
        SOURCE,
        NOBODY,
        TARGET
    }

    /// The target is getting ready.
    record Preparing() implements HandoffState {}

    /// The source holds the guest, writes it into an image and sends that; the target makes the guest from it.
    record Sending() implements HandoffState {}

    /// It is complete on the target; the journal is being written.
    record Committing() implements HandoffState {}

    /// The journal has it. The source is to be dead before the target lets it run.
    record Committed() implements HandoffState {}

    /// The source is dead.
    record Resuming() implements HandoffState {}

    /// It runs on the target.
    record Moved() implements HandoffState {}

    /// It goes on at the source.
    record Stays(String reason) implements HandoffState {}

    /// Who may have it run now. While it is sent, the source holds it of its own accord and may let it go on as
    /// long as the target has not said that it is complete: the target never does so without home.
    default Runner runner() {
        return switch (this) {
            case Preparing _, Sending _, Stays _ -> Runner.SOURCE;
            case Committing _, Committed _ -> Runner.NOBODY;
            case Resuming _, Moved _ -> Runner.TARGET;
        };
    }

    /// Whether a failure can no longer be answered by going on at the source.
    default boolean mustBeFinished() {
        return switch (this) {
            case Preparing _, Sending _, Committing _, Stays _ -> false;
            case Committed _, Resuming _, Moved _ -> true;
        };
    }
}
