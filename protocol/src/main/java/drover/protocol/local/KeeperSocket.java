package drover.protocol.local;

/// Frame types of `keeper.sock`, where the daemon talks to the keeper. A guest's key is str home, u64 job, u32
/// epoch.
public final class KeeperSocket {
    /// str home, u32 max_read.
    public static final int MOUNT = 1;
    /// str home.
    public static final int UNMOUNT = 2;
    /// key, root, ids, host name, limits, net, spec blob.
    public static final int START = 3;
    /// key, session frame.
    public static final int SESSION_TO_GUEST = 4;
    /// key.
    public static final int KILL = 5;
    /// key: home has committed the end.
    public static final int FORGET = 6;
    /// str home, u64 milliseconds from now.
    public static final int LEASE = 7;
    /// No payload; answered by INVENTORY.
    public static final int LIST = 8;

    /// str home, i32 errno, u64 FUSE connection, u8 already; the descriptor comes by SCM_RIGHTS.
    public static final int MOUNTED = 101;
    /// key, i32 init's pid, i32 first process's pid, u64 pid namespace.
    public static final int STARTED = 103;
    /// key, u8 exit status, str message.
    public static final int START_FAILED = 104;
    /// key, session frame.
    public static final int SESSION_TO_HOME = 105;
    /// u32 n, then n times key, u8 state, i32 init's pid, u64 pid namespace.
    public static final int INVENTORY = 106;
    /// str home, i32 errno.
    public static final int UNMOUNTED = 107;

    private KeeperSocket() {}
}
