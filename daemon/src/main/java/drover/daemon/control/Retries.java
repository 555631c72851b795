package drover.daemon.control;

import drover.model.JobId;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/// When a job that could not be moved may be tried again: each time it fails the wait is twice as long. Loop of home's
/// jobs only.
final class Retries {
    private static final int DOUBLINGS_MAX = 6;

    private record Failure(long untilNanos, int times) {}

    private final Duration first;
    private final Map<JobId, Failure> failures = new HashMap<>();

    /// @param first how long after the first failure
    Retries(Duration first) {
        this.first = first;
    }

    boolean mayTry(JobId job) {
        Failure failure = failures.get(job);
        return failure == null || failure.untilNanos - System.nanoTime() <= 0;
    }

    void failed(JobId job) {
        Failure before = failures.get(job);
        int times = before == null ? 1 : before.times + 1;
        Duration wait = first.multipliedBy(1L << Math.min(times - 1, DOUBLINGS_MAX));
        failures.put(job, new Failure(System.nanoTime() + wait.toNanos(), times));
    }

    void succeeded(JobId job) {
        failures.remove(job);
    }

    /// Forgets all others.
    void retain(Set<JobId> jobs) {
        failures.keySet().retainAll(jobs);
    }
}
