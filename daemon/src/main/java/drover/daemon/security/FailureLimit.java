package drover.daemon.security;

import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/// How often one address may fail: a forger must not try secrets quickly, nor fill the log. Time is an argument.
/// Thread rule: any thread.
final class FailureLimit {
    private static final int ADDRESS_LIMIT = 4096; // bounds the memory a flood from many addresses takes

    private final int failures;
    private final long windowNanos;
    private final Map<InetAddress, Count> counts = new LinkedHashMap<>();

    private static final class Count {
        private final long begunNanos;
        private int failed;

        Count(long begunNanos) {
            this.begunNanos = begunNanos;
        }
    }

    FailureLimit(int failures, Duration window) {
        this.failures = failures;
        this.windowNanos = window.toNanos();
    }

    synchronized boolean allows(InetAddress address, long nowNanos) {
        Count count = counts.get(address);
        if (count == null) return true;
        if (nowNanos - count.begunNanos > windowNanos) {
            counts.remove(address);
            return true;
        }
        return count.failed < failures;
    }

    synchronized void failed(InetAddress address, long nowNanos) {
        if (counts.size() >= ADDRESS_LIMIT && !counts.containsKey(address))
            counts.remove(counts.keySet().iterator().next());
        counts.computeIfAbsent(address, _ -> new Count(nowNanos)).failed++;
    }
}
