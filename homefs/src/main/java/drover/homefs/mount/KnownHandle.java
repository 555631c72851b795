package drover.homefs.mount;

import drover.model.GuestKey;
import drover.protocol.file.Caller;
import io.netty.buffer.ByteBuf;

/// A file that the kernel holds open here.
final class KnownHandle {
    final long id;
    final long node;
    final int flags;
    final boolean directory;
    /// Whose calls on the handle are.
    final Caller opener;

    private volatile boolean flushes;
    private ByteBuf prefetched;
    private long prefetchedAtWrites;

    KnownHandle(long id, long node, int flags, boolean directory, Caller opener) {
        this.id = id;
        this.node = node;
        this.flags = flags;
        this.directory = directory;
        this.opener = opener;
    }

    /// Whether that guest opened it.
    boolean isOf(GuestKey guest) {
        return opener.job() == guest.job().number() && opener.epoch() == guest.epoch();
    }

    /// Whether home has to hear of each close, since it may be told of a failed write only then.
    void flushes(boolean whether) {
        flushes = whether;
    }

    boolean flushes() {
        return flushes;
    }

    /// Takes the content over that came with the open.
    synchronized void prefetched(ByteBuf content, long writes) {
        prefetched = content;
        prefetchedAtWrites = writes;
    }

    /// The content, once, if nothing was written here since; the caller releases it. Else null.
    synchronized ByteBuf takePrefetched(long writes) {
        ByteBuf content = prefetched;
        prefetched = null;
        if (content == null || prefetchedAtWrites == writes) return content;
        content.release();
        return null;
    }
}
