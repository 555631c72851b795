package drover.daemon.guest;

import drover.homefs.mount.CallerLookup;
import drover.model.GuestKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Tells which guest a process of this node belongs to, by its pid namespace; while a guest is dumped, CRIU and
/// its children, which are in none, act for it too. Used by every file call, so what was found is remembered,
/// but only shortly: pids are reused, and a call must never be done in another guest's name. Safe from any
/// thread.
final class CallerTable implements CallerLookup {
    private static final Duration REMEMBERED = Duration.ofMillis(50);
    private static final int REMEMBERED_MAX = 4096;

    /// CRIU, its action script, and what it starts to pack a file system.
    private static final int GENERATIONS_MAX = 4;

    private record Known(GuestKey guest, long untilNanos) {}

    private final Map<Long, GuestKey> byNamespace = new ConcurrentHashMap<>();
    private final Map<Integer, GuestKey> helpers = new ConcurrentHashMap<>();
    private final Map<Integer, Known> byPid = new ConcurrentHashMap<>();

    void add(long pidNamespace, GuestKey guest) {
        byNamespace.put(pidNamespace, guest);
    }

    /// This process and its children act for the guest.
    void addHelper(int hostPid, GuestKey guest) {
        helpers.put(hostPid, guest);
    }

    void removeHelpers(GuestKey guest) {
        helpers.values().removeIf(guest::equals);
        byPid.values().removeIf(known -> known.guest.equals(guest));
    }

    void remove(GuestKey guest) {
        byNamespace.values().removeIf(guest::equals);
        helpers.values().removeIf(guest::equals);
        byPid.values().removeIf(known -> known.guest.equals(guest));
    }

    @Override
    public Optional<GuestKey> guestOf(int hostPid) {
        long now = System.nanoTime();
        Known known = byPid.get(hostPid);
        if (known != null && now - known.untilNanos < 0) return Optional.of(known.guest);
        Optional<GuestKey> guest = namespaceOf(hostPid).map(byNamespace::get).or(() -> helpedBy(hostPid));
        guest.ifPresent(found -> {
            if (byPid.size() >= REMEMBERED_MAX) byPid.clear();
            byPid.put(hostPid, new Known(found, now + REMEMBERED.toNanos()));
        });
        return guest;
    }

    @Override
    public boolean isHelper(int hostPid) {
        return helpedBy(hostPid).isPresent()
                && namespaceOf(hostPid).map(byNamespace::get).isEmpty();
    }

    private Optional<GuestKey> helpedBy(int hostPid) {
        int pid = hostPid;
        for (int i = 0; i < GENERATIONS_MAX && pid > 1 && !helpers.isEmpty(); i++) {
            GuestKey guest = helpers.get(pid);
            if (guest != null) return Optional.of(guest);
            pid = parentOf(pid);
        }
        return Optional.empty();
    }

    /// 0 if it has ended.
    private static int parentOf(int pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
            String[] afterName = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return Integer.parseInt(afterName[1]);
        } catch (IOException e) {
            return 0;
        }
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
