package drover.homefs.mount;

import drover.linux.fuse.FuseDevice;
import drover.linux.syscall.Errno;
import drover.protocol.file.Bytes;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The names that the kernel may still believe without asking, and the way to take that back when a job starts.
///
/// The kernel's own FUSE_NOTIFY_INC_EPOCH is not used: it makes each name of before invalid, and an invalid
/// name's mounts are detached, in all namespaces: running guests would lose their /proc and /dev. An expired name
/// is only asked for again.
///
/// A call made before a job started and answered after grants nothing: it may carry what home had before.
final class Grants {
    private static final Logger log = LoggerFactory.getLogger(Grants.class);
    /// Bounds the memory, and the work at a job's start. Names beyond are granted no time at all.
    private static final int LIMIT = 65_536;

    private record Name(long parent, Bytes name) {}

    private final FuseDevice device;
    private final MountCounters counters;
    private final AtomicLong generation = new AtomicLong(1);
    private final ReentrantLock starting = new ReentrantLock();
    private Map<Name, Long> granted = new HashMap<>();

    Grants(FuseDevice device, MountCounters counters) {
        this.device = device;
        this.counters = counters;
    }

    long generation() {
        return generation.get();
    }

    /// For how many nanoseconds the kernel may believe the name that a call of that generation brought.
    synchronized long take(long callGeneration, long parent, Bytes name, long nanos) {
        if (nanos == 0 || callGeneration != generation.get() || granted.size() >= LIMIT) return 0;
        granted.put(new Name(parent, name), System.nanoTime() + nanos);
        return nanos;
    }

    /// A job starts: when this returns, all that it looks up is asked of home. Waits for calls under way in the
    /// directories concerned, so never on a thread that answers them.
    void expireAll() {
        starting.lock();
        try {
            Map<Name, Long> old;
            synchronized (this) {
                generation.incrementAndGet();
                old = granted;
                granted = new HashMap<>();
            }
            long now = System.nanoTime();
            for (var entry : old.entrySet()) {
                if (entry.getValue() - now < 0) continue;
                Name name = entry.getKey();
                int failed = device.expireEntry(name.parent, name.name.array());
                counters.expired.increment();
                // the kernel may have dropped the name or its directory by itself
                if (failed < 0 && failed != -Errno.ENOENT && failed != -Errno.ENOTDIR)
                    log.warn("cannot expire '{}' (errno {})", name.name, -failed);
            }
            device.expireAttributes(KnownNodes.ROOT);
        } finally {
            starting.unlock();
        }
    }
}
