package drover.protocol.job;

/// The network that a guest is given.
public sealed interface GuestNetwork {
    /// A loopback of its own, nothing else.
    record None() implements GuestNetwork {}

    /// The network of the node that it runs on; the node may refuse.
    record OfNode() implements GuestNetwork {}

    /// Its home's: what it sends is forwarded there.
    ///
    /// @param address the job's own, most significant byte first; the job keeps it wherever it runs
    /// @param resolverPath the file at home that names the servers of names; empty where it can be read as it
    ///     is
    /// @param resolverLines what the guest reads there instead
    record OfHome(int address, String resolverPath, String resolverLines) implements GuestNetwork {}

    GuestNetwork NONE = new None();
    GuestNetwork OF_NODE = new OfNode();
}
