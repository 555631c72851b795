package drover.homefs.server;

import drover.linux.syscall.Errno;
import drover.model.GuestKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/// Calls that wait until they get a lock. Each is tried again when a lock of the inode is released here, and now and
/// then for those that programs at home release. Any thread.
final class LockWaiters {
    /// How many calls may wait for locks; more are told that they would deadlock.
    private static final int MAX_WAITING = 4_096;

    /// A call that waits.
    record Waiting(NodeView view, long callId, GuestKey guest, Inode inode, Runnable again, Consumer<Integer> fail) {}

    private record CallOf(NodeView view, long id) {}

    private final List<Waiting> waiting = new ArrayList<>();
    /// Those that are being tried again, too.
    private final Map<CallOf, GuestKey> unanswered = new ConcurrentHashMap<>();
    private final Runnable retrySoon;
    private boolean retryIsDue;

    /// @param retrySoon sees to it that [#retryAll] is called in a moment; asked only while somebody waits, so
    ///     that an idle home is not woken for nothing
    LockWaiters(Runnable retrySoon) {
        this.retrySoon = retrySoon;
    }

    void await(Waiting call) throws CallFailed {
        synchronized (waiting) {
            if (waiting.size() >= MAX_WAITING) throw new CallFailed(Errno.EDEADLK);
            waiting.add(call);
            unanswered.put(new CallOf(call.view, call.callId), call.guest);
            if (retryIsDue) return;
            retryIsDue = true;
        }
        retrySoon.run();
    }

    /// The call is answered now, and waits no more if it did.
    void answered(NodeView view, long callId) {
        if (!unanswered.isEmpty()) unanswered.remove(new CallOf(view, callId));
    }

    boolean hasAnyOf(GuestKey guest) {
        return unanswered.containsValue(guest);
    }

    /// The guest was interrupted.
    void cancel(NodeView view, long callId) {
        Waiting found = null;
        synchronized (waiting) {
            for (Waiting call : waiting) if (call.view == view && call.callId == callId) found = call;
            waiting.remove(found);
        }
        if (found != null) found.fail.accept(Errno.EINTR);
    }

    void wake(Inode inode) {
        List<Waiting> again = new ArrayList<>(0);
        synchronized (waiting) {
            if (waiting.isEmpty()) return;
            waiting.removeIf(call -> call.inode.identity().equals(inode.identity()) && again.add(call));
        }
        for (Waiting call : again) call.again.run();
    }

    void retryAll() {
        List<Waiting> again;
        synchronized (waiting) {
            retryIsDue = false;
            if (waiting.isEmpty()) return;
            again = new ArrayList<>(waiting);
            waiting.clear();
        }
        for (Waiting call : again) call.again.run();
    }
}
