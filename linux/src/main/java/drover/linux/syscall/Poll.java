package drover.linux.syscall;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/// poll(2).
public final class Poll {
    public static final short POLLIN = 1;
    /// Of one `struct pollfd`: the descriptor (int), the events asked for (short), those that are (short).
    public static final int ENTRY_BYTES = 8;

    private Poll() {}

    /// Waits until one of the descriptors in the direct buffer is ready, however long that takes. Returns how
    /// many are, or the negated errno.
    public static int untilReady(ByteBuffer entries, int count) {
        try {
            return (int) RawSyscall.call(7, NativeMemory.addressOf(entries), count, -1);
        } finally {
            Reference.reachabilityFence(entries);
        }
    }
}
