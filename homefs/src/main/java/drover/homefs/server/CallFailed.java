package drover.homefs.server;

import drover.linux.syscall.Errno;

/// A file call ends with this errno: an expected outcome, carried past the steps in between, without a stack trace.
final class CallFailed extends Exception {
    private static final long serialVersionUID = 1;

    final int errno;
    /// Of a name that does not exist: the node may count on that.
    final boolean promised;

    CallFailed(int errno) {
        this(errno, false);
    }

    private CallFailed(int errno, boolean promised) {
        super("errno " + errno, null, false, false);
        this.errno = errno;
        this.promised = promised;
    }

    /// There is no such name, and the node will be told when that changes.
    static CallFailed promisedAbsence() {
        return new CallFailed(Errno.ENOENT, true);
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
