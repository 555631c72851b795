package drover.linux.syscall;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// Where a direct buffer's bytes are.
final class NativeMemory {
    private NativeMemory() {}

    /// Address of the byte at the buffer's position. The caller keeps the buffer reachable during the call.
    static long addressOf(ByteBuffer direct) {
        if (!direct.isDirect()) throw new IllegalArgumentException("the buffer must be direct");
        return MemorySegment.ofBuffer(direct).address();
    }
}
