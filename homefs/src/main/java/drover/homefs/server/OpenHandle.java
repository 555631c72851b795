package drover.homefs.server;

import drover.linux.syscall.Close;
import drover.linux.syscall.Duplicate;
import drover.linux.syscall.Errno;
import drover.linux.syscall.Open;
import drover.model.Credentials;
import drover.model.GuestKey;

/// A file or directory that a guest holds open, with the rights it was opened with. Its descriptor is closed
/// when it is released and no call uses it any more.
final class OpenHandle {
    final long id;
    final GuestKey guest;
    final Credentials credentials;
    final Inode inode;
    /// The inode's, when it was opened.
    final Identity file;
    final int flags;
    final boolean directory;
    private final int descriptor;
    /// Whether its file system may tell of a failed write only at a close.
    final boolean flushes;

    /// Locks of fcntl(2) were taken by it.
    volatile boolean locked;

    /// It holds a lock of flock(2).
    volatile boolean flocked;

    private long moved;
    private long reached;
    private long movedAtNanos;

    private int users = 1;
    private boolean released;

    /// Where the descriptor of a directory stands; -1 unknown. Owned by [DirectoryCalls], under this handle's
    /// lock.
    long position;

    OpenHandle(
            long id,
            GuestKey guest,
            Credentials credentials,
            Inode inode,
            int flags,
            boolean directory,
            int descriptor) {
        this.id = id;
        this.guest = guest;
        this.credentials = credentials;
        this.inode = inode;
        this.file = inode.identity();
        this.flags = flags;
        this.directory = directory;
        this.descriptor = descriptor;
        flushes = !directory && writable() && !LocalFileSystems.has(descriptor);
        inode.opened(this);
    }

    /// Only while in use, or to find the file again.
    int descriptor() {
        return descriptor;
    }

    boolean writable() {
        return (flags & Open.O_ACCMODE) != Open.O_RDONLY;
    }

    /// One of the guest's descriptors is closed: what that says of earlier writes.
    void flush() throws CallFailed {
        if (flushes) CallFailed.check(Close.close(CallFailed.check(Duplicate.of(descriptor))));
    }

    /// So much of its content went to the node, or came from there.
    synchronized void moved(int bytes, long end) {
        moved += bytes;
        reached = end;
        movedAtNanos = System.nanoTime();
    }

    /// How much has, if that is `least` or more and something has lately; else null.
    synchronized FileTransfer transfer(long least, long latelyNanos) {
        if (released || moved < least || System.nanoTime() - movedAtNanos > latelyNanos) return null;
        try {
            long size = Attributes.status(descriptor).size();
            return new FileTransfer(inode.path(), writable(), moved, reached, size);
        } catch (CallFailed e) {
            return null;
        }
    }

    /// Keeps the descriptor open until [#leave()].
    synchronized void use() throws CallFailed {
        if (released) throw new CallFailed(Errno.EBADF);
        users++;
    }

    void leave() {
        synchronized (this) {
            if (--users > 0) return;
        }
        Close.close(descriptor);
    }

    void release() {
        synchronized (this) {
            if (released) return;
            released = true;
        }
        inode.closed(this);
        leave();
    }
}
