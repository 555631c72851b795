package drover.daemon.loop;

import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One thread that owns some mutable state, and the inbox through which everyone else reaches it. A task that
/// throws is logged and the loop goes on: one bad message must not end all jobs.
///
/// The inbox has no limit of its own: what is put into it is limited where it comes from (session frames by
/// their windows, jobs by the queue's length).
public final class Loop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Loop.class);

    private final LinkedBlockingQueue<Runnable> inbox = new LinkedBlockingQueue<>();
    private final String name;
    private volatile @Nullable Thread thread; // null until it is started
    private volatile boolean closed;

    public Loop(String name) {
        this.name = name;
    }

    /// Starts the loop, once, when what its tasks and its tick need is there.
    ///
    /// @param tick runs on the loop once per `period`, between tasks, while it is needed
    /// @param needed asked on the loop before each wait; while it says no, the loop waits for tasks alone, and a
    ///     node that has nothing to do is not woken
    public void start(Duration period, Runnable tick, BooleanSupplier needed) {
        thread = Thread.ofPlatform().name(name).daemon().start(() -> run(period.toNanos(), tick, needed));
    }

    /// Runs a task on the loop, after all that were put before it; those put before it is started wait for that.
    public void execute(Runnable task) {
        inbox.add(task);
    }

    private void run(long periodNanos, Runnable tick, BooleanSupplier needed) {
        long nextTick = System.nanoTime() + periodNanos;
        while (!closed) {
            try {
                boolean ticks = needed.getAsBoolean();
                Runnable task = ticks
                        ? inbox.poll(Math.max(0, nextTick - System.nanoTime()), TimeUnit.NANOSECONDS)
                        : inbox.take();
                if (task != null) task.run();
                if (!ticks || System.nanoTime() - nextTick < 0) continue;
                nextTick = System.nanoTime() + periodNanos;
                tick.run();
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException | Error e) {
                LOG.error("a task of loop {} failed", name, e);
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        Thread running = thread;
        if (running == null) return;
        running.interrupt();
        try {
            running.join(2000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
