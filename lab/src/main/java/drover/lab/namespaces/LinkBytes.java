package drover.lab.namespaces;

/// Bytes that one node has sent and received over its link, headers included.
public record LinkBytes(long sent, long received) {
    public LinkBytes minus(LinkBytes earlier) {
        return new LinkBytes(sent - earlier.sent, received - earlier.received);
    }
}
