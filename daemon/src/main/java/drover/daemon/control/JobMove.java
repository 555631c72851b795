package drover.daemon.control;

import drover.model.GuestKey;
import drover.model.NodeId;
import drover.policy.handoff.HandoffState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// A job on its way from one node to another. Owned by the loop of home's jobs; gone when the job has arrived,
/// or stays.
final class JobMove {
    /// Who asked hears whether it stays, and why; empty if it has moved.
    final Consumer<Optional<String>> asked;

    final NodeId source;
    final NodeId target;
    /// The job's guest on the source, and the one that is to be on the target.
    final GuestKey from;

    final GuestKey to;
    HandoffState state;
    long sinceNanos;
    /// When the source was told to send it; 0 if that was before this daemon.
    long sentNanos;
    /// The target was told to get ready.
    boolean prepared;
    /// Since when the source cannot be reached; 0 if it can.
    long sourceLostAtNanos;
    /// Signals that came meanwhile, for whoever has the guest then.
    final List<Integer> signals = new ArrayList<>();

    JobMove(
            NodeId source,
            NodeId target,
            GuestKey from,
            GuestKey to,
            HandoffState state,
            Consumer<Optional<String>> asked) {
        this.source = source;
        this.target = target;
        this.from = from;
        this.to = to;
        this.state = state;
        this.asked = asked;
    }
}
