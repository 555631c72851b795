package drover.protocol.job;

/// The kinds of session frames. Deputy and keeper exchange them end to end; the daemons between them relay, and
/// look only at what home must know: that output was delivered, that input was consumed, how the guest ended,
/// what it uses.
public final class SessionKind {
    public static final int DATA = 1;
    public static final int ACK = 2;
    public static final int END = 3;
    public static final int CLOSED = 4;
    public static final int SIGNAL = 5;
    public static final int SIGNAL_ACK = 6;
    public static final int WINSIZE = 7;
    public static final int STOPPED = 8;
    public static final int CONTINUED = 9;
    public static final int EXITED = 10;
    public static final int GONE = 11;
    public static final int RESYNC = 12;
    public static final int USAGE = 13;
    /// Home asks the keeper, with one byte: whether the guest is to stand still.
    public static final int FREEZE = 14;
    /// The keeper has done it; the same byte.
    public static final int FROZEN = 15;

    private SessionKind() {}
}
