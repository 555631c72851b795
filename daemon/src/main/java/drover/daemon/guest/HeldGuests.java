package drover.daemon.guest;

import drover.model.GuestKey;
import drover.model.NodeId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/// The guests given to the keeper and not forgotten yet. Loop of guests only, except where a method says
/// otherwise.
final class HeldGuests {
    private final CallerTable callers;
    /// With the pid of their init; 0 where it is not known yet.
    private final Map<GuestKey, Integer> guests = new HashMap<>();
    /// Guests asked for and not answered for yet.
    private final Set<GuestKey> starting = new HashSet<>();

    private volatile int count;

    HeldGuests(CallerTable callers) {
        this.callers = callers;
    }

    /// Guests on this node now. Any thread.
    int count() {
        return count;
    }

    /// A guest is about to be started.
    void begin(GuestKey guest) {
        guests.put(guest, 0);
        starting.add(guest);
        count = guests.size();
    }

    /// The keeper holds this guest since before this daemon was there.
    void found(KeeperMessage.Held held) {
        guests.put(held.guest(), held.initHostPid());
        if (held.state() == KeeperMessage.ARRIVING) starting.add(held.guest());
        callers.add(held.pidNamespace(), held.guest());
        count = guests.size();
    }

    /// The keeper has started a guest. True if its home waits to be told.
    boolean started(GuestKey guest, int initHostPid) {
        if (!guests.containsKey(guest)) return false;
        guests.put(guest, initHostPid);
        return starting.remove(guest);
    }

    boolean has(GuestKey guest) {
        return guests.containsKey(guest);
    }

    /// The pid of the guest's init; empty while it is being started, and where there is no such guest.
    OptionalInt initOf(GuestKey guest) {
        return guests.containsKey(guest) && !starting.contains(guest)
                ? OptionalInt.of(guests.get(guest))
                : OptionalInt.empty();
    }

    List<GuestKey> of(NodeId home) {
        return guests.keySet().stream()
                .filter(guest -> guest.job().home().equals(home))
                .toList();
    }

    List<GuestKey> all() {
        return List.copyOf(guests.keySet());
    }

    void drop(GuestKey guest) {
        guests.remove(guest);
        starting.remove(guest);
        callers.remove(guest);
        count = guests.size();
    }
}
