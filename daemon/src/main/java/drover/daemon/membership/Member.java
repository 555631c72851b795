package drover.daemon.membership;

import drover.model.NodeId;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Objects;

/// A node of the cluster as this node sees it.
///
/// @param node its name
/// @param control where its group transport listens
/// @param data where its data plane listens
/// @param state whether it is there
/// @param since when it entered that state, by this node's clock
public record Member(NodeId node, InetSocketAddress control, InetSocketAddress data, MemberState state, Instant since) {
    public Member {
        Objects.requireNonNull(node);
        Objects.requireNonNull(control);
        Objects.requireNonNull(data);
        Objects.requireNonNull(state);
        Objects.requireNonNull(since);
    }

    Member in(MemberState next, Instant now) {
        return next == state ? this : new Member(node, control, data, next, now);
    }
}
