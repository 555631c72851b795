package drover.homefs.mount;

import drover.linux.fuse.FuseDevice;
import drover.linux.syscall.Errno;
import drover.protocol.file.Bytes;
import drover.protocol.file.FileResult;
import drover.protocol.file.Lease;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the kernel may believe without asking, and for how long: see [Lease]. Of what is leased briefly, it
/// believes no name any more when a job starts.
///
/// The kernel's own FUSE_NOTIFY_INC_EPOCH is not used: it makes each name of before invalid, and an invalid
/// name's mounts are detached, in all namespaces: running guests would lose their /proc and /dev. An expired
/// name is only asked for again.
///
/// A call made before a job started, or before home took something back, and answered after grants nothing:
/// it may carry what home had before. So answers are given to the kernel under [#answering()].
///
/// Thread rule: any thread; what expires waits for calls under way in the directories concerned, so never on
/// a thread that answers them.
final class Grants {
    private static final Logger log = LoggerFactory.getLogger(Grants.class);
    /// Bounds the memory, and the work at a job's start. Names beyond are granted no time at all.
    static final int LIMIT = 65_536;

    /// The kernel counts from when it lets the caller go on, which is later than it is answered: on a busy
    /// machine, as much later as others run in between.
    private static final long COUNTED_LATER_NANOS = 400_000_000;

    record Name(long parent, Bytes name) {}

    private final FuseDevice device;
    private final HomeMountConfig config;
    private final MountCounters counters;
    private final AtomicLong generation = new AtomicLong(1);
    private final ReentrantReadWriteLock fence = new ReentrantReadWriteLock();
    private final ReentrantLock starting = new ReentrantLock();
    private Map<Name, Long> brief = new HashMap<>();
    private Map<Long, Long> briefAttributes = new HashMap<>();
    /// Promised not to exist. The kernel forgets such names without a word.
    private final Set<Name> absent = new LinkedHashSet<>();

    private volatile boolean mayBelieve;
    private volatile KernelNotes notes;

    Grants(FuseDevice device, HomeMountConfig config, MountCounters counters) {
        this.device = device;
        this.config = config;
        this.counters = counters;
    }

    /// Whether the kernel can be told to ask again: if not, it may believe nothing.
    void mayBelieve(boolean may) {
        mayBelieve = may;
    }

    /// Notes what is promised not to exist. Call before the first is.
    ///
    /// @param believed what a daemon before this one made the kernel believe
    void noteIn(KernelNotes notes, List<Name> believed) {
        this.notes = notes;
        synchronized (this) {
            absent.addAll(believed);
        }
    }

    long generation() {
        return generation.get();
    }

    /// Whether nothing was taken back since the call was made.
    boolean isCurrent(PendingCall call) {
        return call.generation == generation.get();
    }

    /// To be held while an answer is made and given to the kernel.
    Lock answering() {
        return fence.readLock();
    }

    /// What calls under way bring is not granted any time. When this returns, no answer of before is on its
    /// way to the kernel.
    void voidCallsUnderWay() {
        voidCallsUnderWay(() -> {});
    }

    /// The same, and does something more before the next answer is made.
    void voidCallsUnderWay(Runnable more) {
        fence.writeLock().lock();
        try {
            generation.incrementAndGet();
            more.run();
        } finally {
            fence.writeLock().unlock();
        }
    }

    /// The same for what this node changes itself, without waiting: what is just on its way is to be taken back
    /// after.
    void voidCallsUnderWayAtOnce() {
        generation.incrementAndGet();
    }

    /// For how many nanoseconds the kernel may believe a name that a call brought.
    long forName(PendingCall call, long parent, Bytes name, Lease lease) {
        long nanos = nanos(call, lease);
        if (nanos > 0 && lease == Lease.BRIEF)
            synchronized (this) {
                long now = System.nanoTime();
                if (brief.size() >= LIMIT) brief.values().removeIf(until -> until - now < 0);
                if (brief.size() >= LIMIT) return 0;
                brief.put(new Name(parent, name), now + nanos + COUNTED_LATER_NANOS);
            }
        return nanos;
    }

    /// The same for one that does not exist.
    long forAbsence(PendingCall call, long parent, Bytes name, Lease lease) {
        long nanos = forName(call, parent, name, lease);
        if (nanos > 0 && lease == Lease.FULL) isAbsent(parent, name);
        return nanos;
    }

    /// The same for attributes. Those of a file with several names are leased briefly, whatever its name is.
    long forAttributes(PendingCall call, long node, Lease lease) {
        long nanos = nanos(call, lease);
        if (nanos > 0 && lease == Lease.BRIEF)
            synchronized (this) {
                long now = System.nanoTime();
                if (briefAttributes.size() >= LIMIT) briefAttributes.values().removeIf(until -> until - now < 0);
                if (briefAttributes.size() >= LIMIT) return 0;
                briefAttributes.put(node, now + nanos + COUNTED_LATER_NANOS);
            }
        return nanos;
    }

    long fullLeaseNanos() {
        return config.leaseTimeout().toNanos();
    }

    /// Attributes that the kernel has not asked for yet, to be given to it as long as they are right; null
    /// if that is no time at all.
    KnownNode.Next next(PendingCall call, FileResult.Attributes attributes) {
        long nanos = nanos(call, attributes.lease());
        return nanos == 0
                ? null
                : new KnownNode.Next(attributes.attributes(), call.generation, System.nanoTime() + nanos);
    }

    /// For how many nanoseconds the kernel may believe them; 0 if something was taken back since.
    long forNext(long node, KnownNode.Next next) {
        long now = System.nanoTime();
        long left = next.believedUntilNanos() - now;
        if (left <= 0 || next.generation() != generation.get()) return 0;
        // a job that starts soon shall ask for what is leased briefly
        if (left <= config.briefTimeout().toNanos())
            synchronized (this) {
                if (briefAttributes.size() >= LIMIT) return 0;
                briefAttributes.put(node, now + left + COUNTED_LATER_NANOS);
            }
        return left;
    }

    /// For how many nanoseconds the kernel may believe what is under a full lease until then.
    long left(long untilNanos) {
        return mayBelieve ? Math.max(0, untilNanos - System.nanoTime()) : 0;
    }

    /// The same of a name's absence, that the kernel is told of now.
    long leftOfAbsence(long parent, Bytes name, long untilNanos) {
        long nanos = left(untilNanos);
        if (nanos > 0) isAbsent(parent, name);
        return nanos;
    }

    private synchronized void isAbsent(long parent, Bytes name) {
        KernelNotes to = notes;
        if (to != null) to.absent(parent, name);
        absent.add(new Name(parent, name));
        if (absent.size() > LIMIT) absent.remove(absent.iterator().next());
    }

    private long nanos(PendingCall call, Lease lease) {
        if (!mayBelieve || !isCurrent(call)) return 0;
        return switch (lease) {
            case NONE -> 0;
            case BRIEF -> config.briefTimeout().toNanos();
            case FULL -> config.leaseTimeout().toNanos();
        };
    }

    /// Whether [#expireBrief] would have nothing to tell the kernel.
    synchronized boolean nothingIsBrief() {
        long now = System.nanoTime();
        brief.values().removeIf(until -> until - now < 0);
        briefAttributes.values().removeIf(until -> until - now < 0);
        return brief.isEmpty() && briefAttributes.isEmpty();
    }

    /// A job starts: when this returns, all that it looks up and that home does not watch is asked of home.
    void expireBrief() {
        starting.lock();
        try {
            voidCallsUnderWay();
            Map<Name, Long> old;
            Map<Long, Long> oldAttributes;
            synchronized (this) {
                old = brief;
                oldAttributes = briefAttributes;
                brief = new HashMap<>();
                briefAttributes = new HashMap<>();
            }
            long now = System.nanoTime();
            for (var entry : old.entrySet()) {
                if (entry.getValue() - now < 0) continue;
                expire(entry.getKey().parent, entry.getKey().name);
                counters.expired.increment();
            }
            for (var entry : oldAttributes.entrySet())
                if (entry.getValue() - now >= 0) device.expireAttributes(entry.getKey());
        } finally {
            starting.unlock();
        }
    }

    /// The kernel asks for that name again before it believes it.
    void expire(long parent, Bytes name) {
        synchronized (this) {
            absent.remove(new Name(parent, name));
        }
        int failed = device.expireEntry(parent, name.array());
        // the kernel may have dropped the name or its directory by itself
        if (failed < 0 && failed != -Errno.ENOENT && failed != -Errno.ENOTDIR)
            log.warn("cannot expire '{}' (errno {})", name, -failed);
    }

    /// Names that were promised not to exist.
    synchronized List<Name> absent() {
        return new ArrayList<>(absent);
    }
}
