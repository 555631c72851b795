package drover.homefs.mount;

import drover.model.GuestKey;
import java.util.LinkedHashMap;
import java.util.Map;

/// Which files, opened for reading on this node alone, a guest may close without a word. The kernel tells of a close
/// since locks of fcntl(2) end with it, and whoever closes waits for that: a third of what it costs to read a small
/// file again. Nobody has such locks on most files, but that is known only at the close.
///
/// So a guest earns it: by many opens, none of which led to a lock. Or a file does, for all guests: a program or
/// library that
/// many have opened here, and none has locked. When a guest takes its first lock, on any file, it loses
/// it for good. A lock on a file that it opened before ends when the file is released, as one of flock(2). One that has
/// come from
/// another node, or runs again, may have locks that were never seen here, and earns it by itself.
///
/// Thread rule: any thread.
final class QuietCloses {
    static final int OPENS = 256;
    static final int OPENS_OF_FILE = 64;
    /// Guests that are remembered. The eldest has to earn it anew.
    private static final int MOST_GUESTS = 1_024;

    private static final int LOCKS = -1;

    /// Opens of each guest, up to [#OPENS], or [#LOCKS].
    private final Map<GuestKey, Integer> opens = new LinkedHashMap<>();

    /// A guest opens a file.
    ///
    /// @return whether its close need not be told of
    synchronized boolean opens(GuestKey guest, KnownNode file) {
        int before = opens.getOrDefault(guest, 0);
        if (before >= 0 && before < OPENS) remember(guest, before + 1);
        return before >= 0
                && (before == OPENS || (isFirst(guest) && file.openedOften(OPENS_OF_FILE)))
                && !file.wasLocked();
    }

    /// A guest takes a lock of fcntl(2).
    synchronized void locks(GuestKey guest) {
        remember(guest, LOCKS);
    }

    private static boolean isFirst(GuestKey guest) {
        return guest.epoch() == 1;
    }

    /// Who locks is forgotten last.
    private void remember(GuestKey guest, int now) {
        opens.put(guest, now);
        if (opens.size() <= MOST_GUESTS) return;
        GuestKey eldest = opens.keySet().iterator().next();
        for (var each : opens.entrySet())
            if (each.getValue() != LOCKS) {
                eldest = each.getKey();
                break;
            }
        opens.remove(eldest);
    }
}
