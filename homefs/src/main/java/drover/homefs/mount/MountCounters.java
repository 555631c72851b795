package drover.homefs.mount;

import drover.linux.fuse.FuseOpcode;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;

/// What a mount has done since it was started. Any thread.
public final class MountCounters {
    private final LongAdder[] requests = new LongAdder[FuseOpcode.COUNT];
    final LongAdder calls = new LongAdder();
    final LongAdder answeredHere = new LongAdder();
    final LongAdder namesAhead = new LongAdder();
    final LongAdder bytesAhead = new LongAdder();
    final LongAdder bytesRead = new LongAdder();
    final LongAdder bytesHashed = new LongAdder();
    final LongAdder bytesWritten = new LongAdder();
    final LongAdder expired = new LongAdder();
    final LongAdder recalled = new LongAdder();
    final LongAdder resent = new LongAdder();

    MountCounters() {
        for (int i = 0; i < requests.length; i++) requests[i] = new LongAdder();
    }

    void request(int opcode) {
        if (opcode >= 0 && opcode < requests.length) requests[opcode].increment();
    }

    /// Requests of the kernel by operation.
    public Map<String, Long> requests() {
        Map<String, Long> counts = new TreeMap<>();
        for (int i = 0; i < requests.length; i++)
            if (requests[i].sum() > 0) counts.put(FuseOpcode.name(i), requests[i].sum());
        return counts;
    }

    /// Requests of the kernel, whatever the operation.
    public long allRequests() {
        long sum = 0;
        for (LongAdder each : requests) sum += each.sum();
        return sum;
    }

    /// Calls sent to home: each is a round trip, but for what the kernel has forgotten.
    public long calls() {
        return calls.sum();
    }

    /// Requests answered without asking home.
    public long answeredHere() {
        return answeredHere.sum();
    }

    /// Names that home was asked for before the kernel asked, or with the content.
    public long namesAhead() {
        return namesAhead.sum();
    }

    /// Of files: what came along with names.
    public long bytesAhead() {
        return bytesAhead.sum();
    }

    public long bytesRead() {
        return bytesRead.sum();
    }

    /// Of what guests read: for which home only told hashes, and sent what this node did not have.
    public long bytesHashed() {
        return bytesHashed.sum();
    }

    public long bytesWritten() {
        return bytesWritten.sum();
    }

    /// Names that were expired because a job started.
    public long expired() {
        return expired.sum();
    }

    /// Promises that home took back.
    public long recalled() {
        return recalled.sum();
    }

    /// Calls sent again after a broken link.
    public long resent() {
        return resent.sum();
    }
}
