package drover.protocol.job;

import drover.model.Credentials;
import drover.model.GuestKey;
import drover.model.NodeId;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.List;

/// What home and a guest's node say to each other about jobs, over a link of class JOBS. Every message is
/// idempotent: it names the guest by job and epoch, so it may be said again after a link was lost.
public sealed interface JobMessage {
    /// Home: run this guest. Said again, the answer is given again.
    ///
    /// @param memoryLimitBytes 0 for none
    /// @param neverMoves so that its root may be home's own files, if it runs at home. No other node is told
    /// @param spec what to run, in the deputy's words; only the keeper reads all of it
    record StartGuest(
            GuestKey guest,
            Credentials credentials,
            long memoryLimitBytes,
            GuestNetwork network,
            boolean neverMoves,
            ByteBuf spec)
            implements JobMessage {}

    /// Either: a session frame between deputy and keeper.
    record Session(GuestKey guest, ByteBuf frame) implements JobMessage {}

    /// Home: this guest's epoch is over; nothing of it may go on.
    record KillGuest(GuestKey guest) implements JobMessage {}

    /// Home: the guest's end is in the journal; the node may forget it.
    record ExitCommitted(GuestKey guest) implements JobMessage {}

    /// Home: it is alive; its guests may run for this long without hearing from it.
    record Lease(Duration length) implements JobMessage {}

    /// Home, first on a new link: these guests are to live; all others of this home are to end.
    record Reconcile(List<GuestKey> alive) implements JobMessage {}

    /// Home, to the target of a move: get ready for a guest that runs on `source` under the epoch before.
    record PrepareGuest(GuestKey guest, NodeId source, Credentials credentials, GuestNetwork network)
            implements JobMessage {}

    /// Home, to the source: hold this guest and send it to `target`.
    ///
    /// @param next as it will be there
    record SendGuest(GuestKey guest, GuestKey next, NodeId target) implements JobMessage {}

    /// Home, to the source: it does not move; let it go on.
    record KeepGuest(GuestKey guest) implements JobMessage {}

    /// Home, to the source: its next epoch is another node's; end it, and say when it is dead.
    record EndGuest(GuestKey guest) implements JobMessage {}

    /// Home, to the target: the guest is this node's; let it run.
    record ResumeGuest(GuestKey guest) implements JobMessage {}

    /// Target: it can take the guest.
    record GuestReady(GuestKey guest) implements JobMessage {}

    /// Target: the guest is complete, and held.
    record GuestRestored(GuestKey guest) implements JobMessage {}

    /// Source, of the present epoch: it does not leave, and goes on. Target, of the next: it was not made.
    record GuestStays(GuestKey guest, String reason) implements JobMessage {}

    /// Source: no process of the guest is left.
    record GuestDead(GuestKey guest) implements JobMessage {}

    /// Node: the guest runs.
    record GuestStarted(GuestKey guest, int hostPid) implements JobMessage {}

    /// Node: the guest could not be started; as a shell would, 126 or 127 for the command's own fault, else
    /// 125.
    record GuestFailed(GuestKey guest, int exitStatus, String reason) implements JobMessage {}

    /// Node: answer to Reconcile: of the guests named there, these are not here.
    record Missing(List<GuestKey> guests) implements JobMessage {}
}
