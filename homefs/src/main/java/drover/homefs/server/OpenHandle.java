package drover.homefs.server;

import drover.linux.syscall.Close;
import drover.linux.syscall.Duplicate;
import drover.linux.syscall.Errno;
import drover.linux.syscall.Open;
import drover.model.Credentials;
import drover.model.GuestKey;
import drover.protocol.file.LockRange;

/// A file or directory that a guest holds open, with the rights it was opened with. Its descriptor is closed
/// when it is released and no call uses it any more.
final class OpenHandle {
    /// What of its flags counts as long as it is open.
    private static final int KEPT_FLAGS = Open.O_ACCMODE | Open.O_APPEND | Open.O_SYNC;

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

    /// The lock of flock(2) that it holds, as [LockRange] names them.
    volatile int flocked = LockRange.NONE;

    /// By which its node's kernel knows it as the owner of that lock.
    volatile long flockOwner;

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

    /// From now on what was locked by the other is locked by this one, too, until both are closed: they are one open
    /// file at home.
    ///
    /// @param other has the same file open for the same
    void become(OpenHandle other) throws CallFailed {
        other.use();
        try {
            use();
            try {
                CallFailed.check(Duplicate.onto(other.descriptor, descriptor));
            } finally {
                leave();
            }
        } finally {
            other.leave();
        }
    }

    /// Only while in use, or to find the file again.
    int descriptor() {
        return descriptor;
    }

    /// Whether it is the same file, open for the same.
    boolean isOpenAs(OpenHandle other) {
        return inode.identity().equals(other.inode.identity())
                && (flags & KEPT_FLAGS) == (other.flags & KEPT_FLAGS)
                && directory == other.directory;
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
