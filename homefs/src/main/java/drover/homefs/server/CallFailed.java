package drover.homefs.server;

import drover.linux.syscall.Errno;
import drover.protocol.file.Lease;

/// A file call ends with this errno: an expected outcome, carried past the steps in between, without a stack
/// trace.
final class CallFailed extends Exception {
    private static final long serialVersionUID = 1;

    final int errno;
    /// Of a name that does not exist: how far the node may count on that.
    final Lease lease;

    CallFailed(int errno) {
        this(errno, Lease.NONE);
    }

    /// Something is in the way that may just be going: the call is worth another try.
    final boolean perhapsSoon;

    private CallFailed(int errno, Lease lease) {
        this(errno, lease, false);
    }

    private CallFailed(int errno, Lease lease, boolean perhapsSoon) {
        super("errno " + errno, null, false, false);
        this.errno = errno;
        this.lease = lease;
        this.perhapsSoon = perhapsSoon;
    }

    static CallFailed perhapsSoon(int errno) {
        return new CallFailed(errno, Lease.NONE, true);
    }

    /// There is no such name.
    static CallFailed absent(Lease lease) {
        return new CallFailed(Errno.ENOENT, lease);
    }

    /// The result of a native call, if it is none of failure.
    static int check(int result) throws CallFailed {
        if (result < 0) throw new CallFailed(-result);
        return result;
    }

    static long check(long result) throws CallFailed {
        if (result < 0) throw new CallFailed((int) -result);
        return result;
    }
}
