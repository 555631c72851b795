package drover.linux.network;

import drover.linux.syscall.Close;
import drover.linux.syscall.Eventfd;
import drover.linux.syscall.Read;
import drover.linux.syscall.Write;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Lets any thread end another one's wait in poll(2).
public final class Wakeup implements AutoCloseable {
    private final int descriptor;
    private final ByteBuffer one =
            ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.nativeOrder()).putLong(0, 1);
    private final ByteBuffer count = ByteBuffer.allocateDirect(Long.BYTES);

    public Wakeup() throws IOException {
        descriptor = Eventfd.create();
        if (descriptor < 0) throw new IOException("eventfd: errno " + -descriptor);
    }

    public int descriptor() {
        return descriptor;
    }

    /// Makes the descriptor readable.
    public void wake() {
        var _ = Write.write(descriptor, one);
    }

    /// Makes it unreadable again; by the waiting thread.
    public void awoken() {
        var _ = Read.read(descriptor, count);
    }

    /// Call when nobody wakes any more.
    @Override
    public void close() {
        var _ = Close.close(descriptor);
    }
}
