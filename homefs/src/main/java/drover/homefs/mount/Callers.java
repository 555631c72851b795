package drover.homefs.mount;

import drover.model.GuestKey;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Remembers for a moment which guest a thread belongs to: shorter than the kernel takes to give its number to
/// another.
final class Callers {
    private static final long VALID_NANOS = 300_000_000L;
    private static final int LIMIT = 4_096;

    private record Known(GuestKey guest, long untilNanos) {}

    private final CallerLookup lookup;
    private final Map<Integer, Known> known = new ConcurrentHashMap<>();

    Callers(CallerLookup lookup) {
        this.lookup = lookup;
    }

    boolean isHelper(int pid) {
        return lookup.isHelper(pid);
    }

    Optional<GuestKey> guestOf(int pid) {
        if (pid == 0) return Optional.empty();
        long now = System.nanoTime();
        Known remembered = known.get(pid);
        if (remembered != null && remembered.untilNanos - now > 0) return Optional.of(remembered.guest);
        Optional<GuestKey> guest = lookup.guestOf(pid);
        if (guest.isPresent()) {
            if (known.size() >= LIMIT) known.clear();
            known.put(pid, new Known(guest.get(), now + VALID_NANOS));
        }
        return guest;
    }
}
