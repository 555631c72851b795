package drover.daemon.control;

import drover.homefs.server.FileTransfer;
import drover.model.GuestKey;
import drover.model.NodeId;
import java.util.List;

/// Home's files, as far as starting and ending guests is concerned. Safe from any thread.
public interface HomeFiles {
    /// That node has guests since before this daemon began, who may believe what was promised then. Call before there
    /// are links.
    void expect(NodeId node);

    /// Runs the task when that node believes nothing of home's files any more that is not so now. May run it at once,
    /// or on any thread; never, if the node is lost before.
    void whenKnown(NodeId node, Runnable task);

    /// Whether a node has not said for a while that it heard of a change: its guests must not be told that their home
    /// is well.
    boolean isBehind(NodeId node);

    /// Large files that a guest reads or writes now.
    List<FileTransfer> transfersOf(GuestKey guest);

    /// Whether a guest waits for a lock.
    boolean waitsForLock(GuestKey guest);

    /// Gives what a guest has locked to the one that is made from it, too. False if that one has not asked for just the
    /// same: it could not go on with them.
    boolean carryLocks(GuestKey former, GuestKey next);

    /// A guest may do nothing any more: when this returns, no call of it changes anything, and its files are closed.
    void guestEnded(GuestKey guest);
}
