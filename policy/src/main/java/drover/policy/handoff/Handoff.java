package drover.policy.handoff;

import drover.policy.handoff.HandoffAction.EndSource;
import drover.policy.handoff.HandoffAction.ForgetOnTarget;
import drover.policy.handoff.HandoffAction.KeepOnSource;
import drover.policy.handoff.HandoffAction.PrepareTarget;
import drover.policy.handoff.HandoffAction.ReportMoved;
import drover.policy.handoff.HandoffAction.ReportStays;
import drover.policy.handoff.HandoffAction.ResumeTarget;
import drover.policy.handoff.HandoffAction.SendFromSource;
import drover.policy.handoff.HandoffAction.WriteRow;
import drover.policy.handoff.HandoffEvent.Failed;
import drover.policy.handoff.HandoffEvent.RowWritten;
import drover.policy.handoff.HandoffEvent.SayAgain;
import drover.policy.handoff.HandoffEvent.SourceDead;
import drover.policy.handoff.HandoffEvent.TargetReady;
import drover.policy.handoff.HandoffEvent.TargetRestored;
import drover.policy.handoff.HandoffEvent.TargetRuns;
import drover.policy.handoff.HandoffState.Committed;
import drover.policy.handoff.HandoffState.Committing;
import drover.policy.handoff.HandoffState.Moved;
import drover.policy.handoff.HandoffState.Preparing;
import drover.policy.handoff.HandoffState.Resuming;
import drover.policy.handoff.HandoffState.Sending;
import drover.policy.handoff.HandoffState.Stays;
import java.util.List;

/// The states of a move and what leads from one to the next. An event that does not belong to a state changes
/// nothing: it was said twice, or came late.
///
/// Source: docs/adr/0015-migration.md, whose table also has the states that only source and target see.
public final class Handoff {
    private Handoff() {}

    /// Where the move is now, and what is to be done because of it, in order.
    public record Step(HandoffState state, List<HandoffAction> actions) {
        public Step {
            actions = List.copyOf(actions);
        }
    }

    /// A move begins.
    public static Step begin() {
        return new Step(new Preparing(), List.of(new PrepareTarget()));
    }

    /// A move goes on that an earlier daemon of this home had written down: the source may not be dead yet.
    public static Step recovered() {
        return new Step(new Committed(), List.of(new EndSource()));
    }

    /// What follows from an event.
    public static Step next(HandoffState state, HandoffEvent event) {
        return switch (state) {
            case Preparing _ ->
                switch (event) {
                    case TargetReady _ -> new Step(new Sending(), List.of(new SendFromSource()));
                    case Failed failed -> stays(failed, false);
                    case TargetRestored _, RowWritten _, SourceDead _, TargetRuns _, SayAgain _ -> same(state);
                };
            case Sending _ ->
                switch (event) {
                    case TargetRestored _ -> new Step(new Committing(), List.of(new WriteRow()));
                    case Failed failed -> stays(failed, true);
                    case TargetReady _, RowWritten _, SourceDead _, TargetRuns _, SayAgain _ -> same(state);
                };
            // The row is on its way to the disk and cannot be called back: whatever fails now is answered when it is
            // there.
            case Committing _ ->
                switch (event) {
                    case RowWritten _ -> new Step(new Committed(), List.of(new EndSource()));
                    case TargetReady _, TargetRestored _, SourceDead _, TargetRuns _, Failed _, SayAgain _ ->
                        same(state);
                };
            case Committed _ ->
                switch (event) {
                    case SourceDead _ -> new Step(new Resuming(), List.of(new ResumeTarget()));
                    case SayAgain _ -> new Step(state, List.of(new EndSource()));
                    case TargetReady _, TargetRestored _, RowWritten _, TargetRuns _, Failed _ -> same(state);
                };
            case Resuming _ ->
                switch (event) {
                    case TargetRuns _ -> new Step(new Moved(), List.of(new ReportMoved()));
                    case SayAgain _ -> new Step(state, List.of(new ResumeTarget()));
                    case TargetReady _, TargetRestored _, RowWritten _, SourceDead _, Failed _ -> same(state);
                };
            case Moved _, Stays _ -> same(state);
        };
    }

    private static Step stays(Failed failed, boolean sourceWasAsked) {
        ReportStays report = new ReportStays(failed.reason());
        // The target first: nothing of it may be left when the source is told that it goes on.
        return new Step(
                new Stays(failed.reason()),
                sourceWasAsked
                        ? List.of(new ForgetOnTarget(), new KeepOnSource(), report)
                        : List.of(new ForgetOnTarget(), report));
    }

    private static Step same(HandoffState state) {
        return new Step(state, List.of());
    }
}
