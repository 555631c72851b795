package drover.daemon.loop;

import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One thread that owns some mutable state, and the inbox through which everyone else reaches it. A task that
/// throws is
/// logged and the loop goes on: one bad message must not end all jobs.
///
/// The inbox has no limit of its own: what is put into it is limited where it comes from (session frames by their
/// windows, jobs by the queue's length).
public final class Loop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Loop.class);

    private final LinkedBlockingQueue<Runnable> inbox = new LinkedBlockingQueue<>();
    private final Thread thread;
    private volatile boolean closed;

    /// Starts the loop.
    ///
    /// @param tick runs on the loop once per `period`, between tasks
    public Loop(String name, Duration period, Runnable tick) {
        thread = Thread.ofPlatform().name(name).daemon().unstarted(() -> run(period.toNanos(), tick));
        thread.start();
    }

    /// Runs a task on the loop, after all that were put before it.
    public void execute(Runnable task) {
        inbox.add(task);
    }

    /// Whether the caller runs on this loop.
    public boolean isHere() {
        return Thread.currentThread() == thread;
    }

    private void run(long periodNanos, Runnable tick) {
        long nextTick = System.nanoTime() + periodNanos;
        while (!closed) {
            try {
                Runnable task = inbox.poll(Math.max(0, nextTick - System.nanoTime()), TimeUnit.NANOSECONDS);
                if (task != null) task.run();
                if (System.nanoTime() - nextTick >= 0) {
                    nextTick = System.nanoTime() + periodNanos;
                    tick.run();
                }
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException | Error e) {
                LOG.error("a task of loop {} failed", thread.getName(), e);
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join(2000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
