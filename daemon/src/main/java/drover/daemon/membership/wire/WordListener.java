package drover.daemon.membership.wire;

import drover.model.NodeId;
import org.jgroups.Address;

/// Hears words of one kind. Called on the group's thread; must not block.
@FunctionalInterface
public interface WordListener {
    /// Takes one word.
    ///
    /// @param from the member at the other end, as its certificate and its greeting say
    /// @param node its name
    /// @param body what belongs to it; the listener may keep it
    void heard(Address from, NodeId node, byte[] body);
}
