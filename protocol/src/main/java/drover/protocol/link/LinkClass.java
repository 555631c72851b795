package drover.protocol.link;

/// What a connection between two nodes carries. Each class has its own, so that a small message never waits
/// behind bulk.
public enum LinkClass {
    /// Control and session frames.
    JOBS,
    /// File calls and replies with little data.
    FILES,
    /// File calls and replies with much data.
    BULK
}
