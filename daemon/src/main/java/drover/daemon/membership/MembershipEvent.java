package drover.daemon.membership;

import drover.model.NodeId;

/// What changed in the cluster. Events of one node arrive in the order they happened.
public sealed interface MembershipEvent {
    NodeId node();

    /// A node is there that this node had never seen up since its own start, or that has been restarted.
    record Joined(Member member) implements MembershipEvent {
        @Override
        public NodeId node() {
            return member.node();
        }
    }

    /// A node is hung or down. It may come back.
    record Lost(Member member) implements MembershipEvent {
        @Override
        public NodeId node() {
            return member.node();
        }
    }

    /// A node that was hung is there again, the same daemon as before.
    record Back(Member member) implements MembershipEvent {
        @Override
        public NodeId node() {
            return member.node();
        }
    }

    /// A node left the cluster for good and is forgotten.
    record Left(NodeId node) implements MembershipEvent {}
}
