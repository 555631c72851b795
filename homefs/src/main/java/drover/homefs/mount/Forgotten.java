package drover.homefs.mount;

import drover.protocol.file.FileOperation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// Nodes that the kernel has dropped, told to home some at a time.
final class Forgotten {
    private static final long GATHER_MILLIS = 20;
    /// Half a second until the next try when the link is down.
    private static final long RETRY_MILLIS = 500;

    private static final int AT_ONCE = 4_096;

    private final Conversation conversation;
    private final ScheduledExecutorService clock;
    private Map<Long, Long> lookups = new HashMap<>();
    private boolean scheduled;

    Forgotten(Conversation conversation, ScheduledExecutorService clock) {
        this.conversation = conversation;
        this.clock = clock;
    }

    synchronized void add(long node, long count) {
        lookups.merge(node, count, Long::sum);
        if (scheduled) return;
        scheduled = true;
        var _ = clock.schedule(this::tellAll, GATHER_MILLIS, TimeUnit.MILLISECONDS);
    }

    synchronized void clear() {
        lookups.clear();
    }

    void tellAll() {
        Map<Long, Long> now;
        synchronized (this) {
            now = lookups;
            lookups = new HashMap<>();
            scheduled = false;
        }
        List<FileOperation.Forgotten> nodes = new ArrayList<>(Math.min(now.size(), AT_ONCE));
        Map<Long, Long> untold = new HashMap<>();
        for (var entry : now.entrySet()) {
            nodes.add(new FileOperation.Forgotten(entry.getKey(), entry.getValue()));
            if (nodes.size() == AT_ONCE) tell(nodes, untold);
        }
        if (!nodes.isEmpty()) tell(nodes, untold);
        if (untold.isEmpty()) return;
        synchronized (this) {
            untold.forEach((node, count) -> lookups.merge(node, count, Long::sum));
            if (scheduled) return;
            scheduled = true;
        }
        var _ = clock.schedule(this::tellAll, RETRY_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void tell(List<FileOperation.Forgotten> nodes, Map<Long, Long> untold) {
        if (!conversation.tell(new FileOperation.Forget(nodes)))
            for (var forgotten : nodes) untold.put(forgotten.node(), forgotten.lookups());
        nodes.clear();
    }
}
