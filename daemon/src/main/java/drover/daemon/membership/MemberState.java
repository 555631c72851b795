package drover.daemon.membership;

/// How this node sees another one.
public enum MemberState {
    /// A member of this node's view of the cluster.
    UP,
    /// It stopped answering while its links stayed open: stopped, overloaded, or cut off. It comes back by itself.
    HUNG,
    /// Its links are closed: its daemon or machine is not running, or it was never seen since this daemon started.
    DOWN
}
