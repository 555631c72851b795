package drover.homefs.mount;

import drover.model.GuestKey;
import java.util.Optional;

/// Which guest a thread of this node belongs to. Must be quick; any thread.
public interface CallerLookup {
    /// Empty if the thread is of no guest of this home, or is gone.
    Optional<GuestKey> guestOf(int hostPid);
}
