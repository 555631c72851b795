package drover.linux.fuse;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// One request of the kernel, as it lies in the reader's buffer: the header (struct fuse_in_header) and the body.
/// Valid until the reader reads the next one.
public final class FuseRequest {
    public static final int HEADER_BYTES = 40;
    /// Set by the kernel in requests that it sends again after NOTIFY_RESEND.
    public static final long RESENT = 1L << 63;

    private final ByteBuffer buffer;

    FuseRequest(ByteBuffer buffer) {
        this.buffer = buffer.order(ByteOrder.nativeOrder());
    }

    public int opcode() {
        return buffer.getInt(4);
    }

    /// As the reply must name it.
    public long unique() {
        return buffer.getLong(8);
    }

    public long node() {
        return buffer.getLong(16);
    }

    public int uid() {
        return buffer.getInt(24);
    }

    public int gid() {
        return buffer.getInt(28);
    }

    /// The calling thread in the pid namespace of the mount; 0 for nobody in particular.
    public int pid() {
        return buffer.getInt(32);
    }

    /// Behind the header, without extensions.
    public ByteBuffer body() {
        int end = buffer.getInt(0) - 8 * Short.toUnsignedInt(buffer.getShort(36));
        return buffer.duplicate().order(ByteOrder.nativeOrder()).limit(end).position(HEADER_BYTES);
    }

    public FuseInit init() {
        return FuseInit.decode(body());
    }
}
