package drover.homefs.mount;

import drover.model.GuestKey;
import java.util.Optional;

/// For which guest a thread of this node acts. Must be quick; any thread.
public interface CallerLookup {
    /// Empty if the thread is of no guest of this home, or is gone.
    Optional<GuestKey> guestOf(int hostPid);

    /// Whether the thread only acts for a guest, from outside, and is none of it.
    default boolean isHelper(int hostPid) {
        return false;
    }
}
