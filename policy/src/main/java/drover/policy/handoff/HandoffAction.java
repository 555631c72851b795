package drover.policy.handoff;

/// What home is to do.
public sealed interface HandoffAction {
    /// Have the target get ready; its guest is the next epoch.
    record PrepareTarget() implements HandoffAction {}

    /// Have the source hold the guest and send it to the target.
    record SendFromSource() implements HandoffAction {}

    /// Write down that the guest is the target's, under the next epoch.
    record WriteRow() implements HandoffAction {}

    /// From now on the next epoch may act and the present one may not; have the source end it, and say when it
    /// is dead.
    record EndSource() implements HandoffAction {}

    /// Have the target let it run.
    record ResumeTarget() implements HandoffAction {}

    /// Have the source let it go on.
    record KeepOnSource() implements HandoffAction {}

    /// Have the target drop what it has of it.
    record ForgetOnTarget() implements HandoffAction {}

    /// The move is over: it was done.
    record ReportMoved() implements HandoffAction {}

    /// The move is over: the guest stays where it was.
    record ReportStays(String reason) implements HandoffAction {}
}
