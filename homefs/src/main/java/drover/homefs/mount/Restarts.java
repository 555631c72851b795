package drover.homefs.mount;

import drover.model.NodeId;
import drover.protocol.file.Caller;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileOperation.RevivedNode;
import drover.protocol.file.FileReply;
import drover.protocol.file.FileResult;
import drover.protocol.file.FileResult.HeldLock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the kernel knows of one home outlives each daemon: a home that has restarted is told of it, and a daemon of
/// the node that has restarted asks home for it. So whichever ends next, the other one knows. If both end before
/// they have talked, it is lost; but a home's mount of its own files, both ends of which always end together, notes it.
///
/// Thread rule: the threads that take up links and answers, one at a time.
final class Restarts {
    private static final Logger log = LoggerFactory.getLogger(Restarts.class);
    /// Some 100 KiB of names in one frame.
    private static final int TOLD_AT_ONCE = 1_000;

    private final NodeId home;
    private final KnownNodes nodes;
    private final OpenHandles handles;
    /// A daemon before this one knew more.
    private volatile boolean lacking;
    /// The start of home that knows all it has to; 0 before the first.
    private volatile long boot;
    private volatile KernelNotes notes;
    /// Other places of nodes that a daemon before this one had asked home to move.
    private volatile List<RevivedNode> perhaps = List.of();

    /// Calls that are made before others may be, on one link; there is no answer if it breaks.
    interface Asking {
        void ask(FileOperation operation, Caller caller, Consumer<FileReply> then);
    }

    private record Step(FileOperation operation, Caller caller) {}

    /// @param resumed whether another daemon served the mount before
    Restarts(NodeId home, KnownNodes nodes, OpenHandles handles, boolean resumed) {
        this.home = home;
        this.nodes = nodes;
        this.handles = handles;
        lacking = resumed;
    }

    /// Takes over what a daemon before this one has noted, and goes on with it. Call before the first link.
    void noteIn(KernelNotes notes, KernelNotes.Noted noted) {
        this.notes = notes;
        boot = noted.boot();
        if (boot == 0) return;
        noted.nodes().forEach(nodes::told);
        noted.handles().forEach(handles::told);
        noted.locks().forEach(handles::told);
        perhaps = noted.perhaps();
        nodes.toldOfAll();
        lacking = false;
    }

    /// The start of home that knows all it has to; 0 before the first.
    long boot() {
        return boot;
    }

    void knownToBoot(long boot) {
        this.boot = boot;
        perhaps = List.of();
        KernelNotes to = notes;
        if (to != null) to.boot(boot);
    }

    /// Has home, which has restarted, know all that is known here.
    ///
    /// @param pending calls that it may have performed before
    void tellHome(Asking asking, Collection<PendingCall> pending, Runnable done) {
        log.info(
                "{} has restarted: telling it again of {} nodes and {} files",
                home,
                nodes.size(),
                handles.all().size());
        tell(asking, steps(pending), 0, done);
    }

    private List<Step> steps(Collection<PendingCall> pending) {
        List<Step> steps = new ArrayList<>();
        List<RevivedNode> all = nodes.parentsFirst();
        all.addAll(perhaps);
        // home may have performed a rename before it restarted: what it moves is at the old place or at the new one
        for (PendingCall call : pending)
            if (call.operation instanceof FileOperation.Rename rename) all.addAll(nodes.perhapsMoved(rename));
        for (int i = 0; i < all.size(); i += TOLD_AT_ONCE)
            steps.add(new Step(
                    new FileOperation.ReviveNodes(all.subList(i, Math.min(all.size(), i + TOLD_AT_ONCE))),
                    Caller.NOBODY));
        for (KnownHandle handle : handles.all())
            steps.add(new Step(
                    new FileOperation.ReviveHandle(handle.id, handle.node, handle.flags, handle.directory),
                    handle.opener));
        for (HeldLock held : handles.locks()) {
            KnownHandle handle = handles.get(held.lock().handle());
            if (handle != null) steps.add(new Step(held.lock(), handle.opener));
        }
        return steps;
    }

    /// One after the other: a node's parent is known before it, a handle's node before that, and locks last. If the
    /// link
    /// breaks meanwhile, all begins again on the next.
    private void tell(Asking asking, List<Step> steps, int next, Runnable done) {
        if (next == steps.size()) {
            done.run();
            return;
        }
        Step step = steps.get(next);
        asking.ask(step.operation, step.caller, reply -> {
            if (reply instanceof FileReply.Failed(long _, int errno, var _))
                log.warn("{} cannot bring back {}: errno {}", home, step.operation, errno);
            tell(asking, steps, next + 1, done);
        });
    }

    /// Asks home for what a daemon before this one knew, if there was one.
    void askHome(Asking asking, Runnable done) {
        if (lacking) ask(asking, 0, 0, done);
        else done.run();
    }

    private void ask(Asking asking, long node, long handle, Runnable done) {
        asking.ask(new FileOperation.Remind(node, handle), Caller.NOBODY, reply -> {
            if (reply
                    instanceof
                    FileReply.Done(long _, FileResult.Reminder(List<FileResult.Told> told, var held, var locks))) {
                locks.forEach(handles::told);
                if (told.isEmpty() && held.isEmpty()) {
                    toldOfAll(done);
                    return;
                }
                told.forEach(nodes::told);
                held.forEach(handles::told);
                ask(
                        asking,
                        told.isEmpty() ? node : told.getLast().node().node(),
                        held.isEmpty() ? handle : held.getLast().handle(),
                        done);
                return;
            }
            if (reply instanceof FileReply.Failed(long _, int errno, var _))
                log.warn("{} does not say what the daemon before this one knew: errno {}", home, errno);
            toldOfAll(done);
        });
    }

    private void toldOfAll(Runnable done) {
        lacking = false;
        nodes.toldOfAll();
        log.info(
                "{} has told of {} nodes and {} files",
                home,
                nodes.size(),
                handles.all().size());
        done.run();
    }
}
