package drover.homefs.server;

/// A file call ends with this errno: an expected outcome, carried past the steps in between, without a stack trace.
final class CallFailed extends Exception {
    private static final long serialVersionUID = 1;

    final int errno;

    CallFailed(int errno) {
        super("errno " + errno, null, false, false);
        this.errno = errno;
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
