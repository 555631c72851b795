package drover.daemon.guest;

import drover.model.GuestKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Tells which guest a process of this node belongs to, by its pid namespace. Used by every file call, so what
/// was found is remembered, but only shortly: pids are reused, and a call must never be done in another guest's
/// name. Safe from any thread.
final class CallerTable {
    private static final Duration REMEMBERED = Duration.ofMillis(50);
    private static final int REMEMBERED_MAX = 4096;

    private record Known(GuestKey guest, long untilNanos) {}

    private final Map<Long, GuestKey> byNamespace = new ConcurrentHashMap<>();
    private final Map<Integer, Known> byPid = new ConcurrentHashMap<>();

    void add(long pidNamespace, GuestKey guest) {
        byNamespace.put(pidNamespace, guest);
    }

    void remove(GuestKey guest) {
        byNamespace.values().removeIf(guest::equals);
        byPid.values().removeIf(known -> known.guest.equals(guest));
    }

    Optional<GuestKey> guestOf(int hostPid) {
        long now = System.nanoTime();
        Known known = byPid.get(hostPid);
        if (known != null && now - known.untilNanos < 0) return Optional.of(known.guest);
        Optional<GuestKey> guest = namespaceOf(hostPid).map(byNamespace::get);
        guest.ifPresent(found -> {
            if (byPid.size() >= REMEMBERED_MAX) byPid.clear();
            byPid.put(hostPid, new Known(found, now + REMEMBERED.toNanos()));
        });
        return guest;
    }

    private static Optional<Long> namespaceOf(int hostPid) {
        try {
            String link = Files.readSymbolicLink(Path.of("/proc/" + hostPid + "/ns/pid"))
                    .toString();
            int from = link.indexOf('[');
            return Optional.of(Long.parseLong(link, from + 1, link.length() - 1, 10));
        } catch (IOException e) {
            return Optional.empty(); // it has ended meanwhile
        }
    }
}
