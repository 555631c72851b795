package drover.protocol.local;

/// Frame types of `drover.sock`, where deputies and commands talk to the daemon. The peer's identity is the
/// kernel's word (SO_PEERCRED, SO_PEERGROUPS); no frame states it.
public final class DaemonSocket {
    /// str options (JSON), then the spec blob to the end.
    public static final int RUN = 1;
    /// u32 epoch, session frame.
    public static final int SESSION_TO_GUEST = 2;
    /// u64 job, 16 bytes secret.
    public static final int RESUME = 3;
    /// u64 job.
    public static final int ATTACH = 4;
    /// A JSON object, UTF-8.
    public static final int COMMAND = 20;

    /// u64 job, 16 bytes secret, str log path (empty unless detached).
    public static final int ACCEPTED = 101;
    /// u8 exit status, str message.
    public static final int REFUSED = 102;
    /// u32 epoch, session frame.
    public static final int SESSION_TO_DEPUTY = 103;
    /// u32 epoch, str node.
    public static final int STARTED = 104;
    /// u8 how, u8 code, u8 core, u8 lingering, str message.
    public static final int ENDED = 105;
    /// str message for stderr.
    public static final int NOTICE = 106;
    /// A JSON object: `{"ok":true,"result":...}` or `{"ok":false,"error":"...","exit":1}`.
    public static final int RESULT = 120;
    /// Bytes for stdout, before RESULT.
    public static final int TEXT = 121;

    private DaemonSocket() {}
}
