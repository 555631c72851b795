package drover.protocol.link;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.EventExecutorGroup;
import java.util.concurrent.TimeUnit;

/// Lets event loops sleep that have nothing to do. Netty wakes each once a second if no task is due at any time, to
/// look
/// for tasks; one that is due in a year spares it that.
public final class IdleLoops {
    private static final long FAR_DAYS = 365;

    private IdleLoops() {}

    /// Call once, when the group is made; its threads are started. Any thread.
    public static void letSleep(EventExecutorGroup loops) {
        for (EventExecutor loop : loops) dueLater(loop);
    }

    private static void dueLater(EventExecutor loop) {
        var _ = loop.schedule(() -> dueLater(loop), FAR_DAYS, TimeUnit.DAYS);
    }
}
