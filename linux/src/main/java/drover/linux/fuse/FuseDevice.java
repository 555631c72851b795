package drover.linux.fuse;

import drover.linux.syscall.Errno;
import drover.linux.syscall.Read;
import drover.linux.syscall.Write;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/// The descriptor of /dev/fuse that one mount is served by. Replies go to the descriptor the request was read
/// from: clones of it have queues of their own, and die with their process, so none are used here; the process
/// that mounted keeps a duplicate, and a mount outlives the process that serves it. Thread rule: any platform
/// thread.
public final class FuseDevice {
    /// enum fuse_notify_code.
    private static final int NOTIFY_INVAL_INODE = 2;

    private static final int NOTIFY_INVAL_ENTRY = 3;
    private static final int NOTIFY_STORE = 4;
    private static final int NOTIFY_RESEND = 7;
    private static final int NOTIFY_PRUNE = 9;
    /// Inodes of one [#prune].
    public static final int MOST_PRUNED = 256;
    /// Of one [#store].
    public static final int MOST_STORED_BYTES = 64 << 10;

    private static final int EXPIRE_ONLY = 1;
    private static final int OUT_HEADER_BYTES = 16;
    private static final int SMALL_BYTES = 4 << 10;
    private static final int STORE_HEADER_BYTES = OUT_HEADER_BYTES + 24;

    private static final ThreadLocal<ByteBuffer> SMALL =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(SMALL_BYTES).order(ByteOrder.nativeOrder()));

    private static final ThreadLocal<ByteBuffer> STORED = ThreadLocal.withInitial(() ->
            ByteBuffer.allocateDirect(STORE_HEADER_BYTES + MOST_STORED_BYTES).order(ByteOrder.nativeOrder()));

    private final int descriptor;

    public FuseDevice(int descriptor) {
        if (descriptor < 0) throw new IllegalArgumentException("a descriptor must be >= 0, got " + descriptor);
        this.descriptor = descriptor;
    }

    /// What a read gave.
    public sealed interface Incoming {
        record Request(FuseRequest request) implements Incoming {}

        /// Nothing, for a reason that passes: read again.
        record Nothing() implements Incoming {}

        /// The file system is unmounted or aborted.
        record Gone(int errno) implements Incoming {}
    }

    /// Waits for a request. The buffer must have room for the largest write and its header, and 4 KiB more.
    public Incoming read(ByteBuffer direct) {
        int got = Read.read(descriptor, direct.clear());
        if (got >= FuseRequest.HEADER_BYTES) return new Incoming.Request(new FuseRequest(direct.limit(got)));
        return switch (-got) {
            // the request was interrupted before we had it, or the kernel is short of memory for a moment
            case Errno.ENOENT, Errno.EINTR, Errno.EAGAIN, Errno.ENOMEM -> new Incoming.Nothing();
            default -> new Incoming.Gone(-got);
        };
    }

    /// Returns 0 or the negated errno: -ENOENT if the request was interrupted and nobody waits for the reply.
    public int replyError(long unique, int errno) {
        ByteBuffer out =
                small().putInt(OUT_HEADER_BYTES).putInt(-errno).putLong(unique).flip();
        return done(Write.write(descriptor, out));
    }

    /// Writes the body that `buffer` holds from [#OUT_HEADER_BYTES] on, as [#small()] begins it.
    public int reply(long unique, ByteBuffer buffer) {
        int length = buffer.position();
        buffer.putInt(0, length).putInt(4, 0).putLong(8, unique).flip();
        return done(Write.write(descriptor, buffer));
    }

    public int replyData(long unique, ByteBuffer direct) {
        ByteBuffer head = small().putInt(OUT_HEADER_BYTES + direct.remaining())
                .putInt(0)
                .putLong(unique)
                .flip();
        if (!direct.hasRemaining()) return done(Write.write(descriptor, head));
        return done(Write.writev(descriptor, head, direct));
    }

    /// A buffer of this thread for a reply of at most 4 KiB, positioned where the body begins.
    public static ByteBuffer smallReply() {
        return small().position(OUT_HEADER_BYTES);
    }

    /// A buffer for a larger reply, positioned where the body begins.
    public static ByteBuffer reply(int bodyBytes) {
        return ByteBuffer.allocateDirect(OUT_HEADER_BYTES + bodyBytes)
                .order(ByteOrder.nativeOrder())
                .position(OUT_HEADER_BYTES);
    }

    /// The kernel asks again for the name before it believes it again. What is open or in use under it stays as
    /// it is.
    public int expireEntry(long parent, byte[] name) {
        ByteBuffer out = notification(NOTIFY_INVAL_ENTRY);
        out.putLong(parent).putInt(name.length).putInt(EXPIRE_ONLY).put(name).put((byte) 0);
        return send(out);
    }

    /// The kernel forgets a name and what it knows by it. Who has the file open keeps it, but sees it as deleted:
    /// not for what is in use by a name that it has, and not for directories, whose mounts it would detach.
    public int dropEntry(long parent, byte[] name) {
        ByteBuffer out = notification(NOTIFY_INVAL_ENTRY);
        out.putLong(parent).putInt(name.length).putInt(0).put(name).put((byte) 0);
        return send(out);
    }

    /// The kernel forgets those of these inodes that nobody uses (Linux 6.18 and later; before, -EINVAL).
    ///
    /// @param nodes at most [#MOST_PRUNED]
    public int prune(List<Long> nodes) {
        ByteBuffer out =
                notification(NOTIFY_PRUNE).putInt(nodes.size()).putInt(0).putLong(0);
        for (long node : nodes) out.putLong(node);
        return send(out);
    }

    /// The kernel asks again for the attributes; what it has cached of the content stays.
    public int expireAttributes(long node) {
        return send(notification(NOTIFY_INVAL_INODE).putLong(node).putLong(-1).putLong(0));
    }

    /// The kernel asks again for the attributes, and for the content. Waits for pages that are being read.
    public int invalidateContent(long node) {
        return send(notification(NOTIFY_INVAL_INODE).putLong(node).putLong(0).putLong(0));
    }

    /// The kernel takes a file's whole content into its cache, as if it had read it. It must know the file by that
    /// size. Waits for pages that are being read: not for a file that somebody may be reading.
    ///
    /// @param content at most [#MOST_STORED_BYTES]
    public int store(long node, byte[] content) {
        ByteBuffer out = STORED.get().clear().putInt(0).putInt(NOTIFY_STORE).putLong(0);
        out.putLong(node).putLong(0).putInt(content.length).putInt(0);
        return send(out.put(content));
    }

    /// The kernel sends all requests again that were read and not answered (Linux 6.9 and later).
    public int resend() {
        return send(notification(NOTIFY_RESEND));
    }

    private static ByteBuffer notification(int code) {
        return small().putInt(0).putInt(code).putLong(0);
    }

    private int send(ByteBuffer out) {
        out.putInt(0, out.position()).flip();
        return done(Write.write(descriptor, out));
    }

    private static int done(int result) {
        return Math.min(result, 0);
    }

    private static ByteBuffer small() {
        return SMALL.get().clear();
    }
}
