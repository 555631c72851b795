package drover.homefs.server;

import drover.model.Credentials;
import drover.model.GuestKey;
import drover.model.NodeId;
import java.util.Optional;

/// Home's word on who may use its files. Asked for each call: must be quick, and safe for any thread.
public interface GuestAuthority {
    /// The rights of a guest that runs on that node now. Empty if it was never given to that node or its
    /// epoch is over: the call is then refused with ESTALE, a lookup with EINTR.
    Optional<Credentials> credentials(NodeId node, GuestKey guest);

    /// The run before, if this one is being made from it on another node and is not the job's present one yet:
    /// it may look at files and change nothing, and open what the one before holds open without being asked for
    /// rights again.
    default Optional<GuestKey> former(GuestKey guest) {
        return Optional.empty();
    }
}
