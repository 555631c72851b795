package drover.homefs.server;

import drover.protocol.file.FileOperation.SetLock;
import drover.protocol.file.LockRange;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Locks end with home's daemon, and the nodes take their guests' again from the one after it. Until all have, nobody
/// else gets any. Programs at home do not ask here, and are not kept waiting. Any thread.
///
/// Source: NFS has a grace period for the same (RFC 8881, section 8.4.2.1), of a fixed time.
final class LockGrace {
    private static final Logger log = LoggerFactory.getLogger(LockGrace.class);

    private final Duration patience;
    private final LockWaiters waiters;
    /// Nodes that are to take their guests' locks again, and until when others wait for them.
    private final Map<NodeView, Long> owed = new ConcurrentHashMap<>();

    /// @param patience how long others wait for a node
    LockGrace(Duration patience, LockWaiters waiters) {
        this.patience = patience;
        this.waiters = waiters;
    }

    /// A node has guests that were there before this home began.
    void expect(NodeView view) {
        owed.put(view, System.nanoTime() + patience.toNanos());
    }

    /// Its guests have theirs again.
    void isOver(NodeView view) {
        if (owed.remove(view) != null) waiters.retryAll();
    }

    /// To be called about once a second.
    void giveUpOverdue() {
        long now = System.nanoTime();
        owed.forEach((view, until) -> {
            if (now - until < 0) return;
            log.warn("{} does not say what its guests have locked: others may take it now", view.node);
            isOver(view);
        });
    }

    /// Whether it is not known yet if the lock is free.
    boolean mustWait(NodeView view, SetLock lock) {
        return !owed.isEmpty() && !owed.containsKey(view) && lock.range().type() != LockRange.NONE;
    }
}
