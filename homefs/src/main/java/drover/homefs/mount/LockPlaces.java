package drover.homefs.mount;

import drover.linux.syscall.Open;
import drover.model.GuestKey;
import drover.protocol.file.FileOperation.SetLock;
import drover.protocol.file.FileOperation.TestLock;
import drover.protocol.file.FileResult.HeldLock;
import drover.protocol.file.LockRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/// By which descriptors a guest that is about to leave holds its locks. The kernel tells whose a lock is by numbers of
/// its own. So who holds the guest asks by each of its descriptors, as the open file's owner, for a lock
/// (F_OFD_GETLK) whose range says which descriptor that is. The gate of a move does (native/src/gate/locks.c).
///
/// Thread rule: any thread.
final class LockPlaces {
    private static final int DESCRIPTOR_BITS = 24;

    /// @param file the number by which the kernel knows the open file
    private record Place(int pid, int descriptor, int access, long node, long file) {
        /// What a question says.
        static Place of(TestLock question, long node) {
            long start = question.range().start();
            return new Place(
                    (int) (start >>> DESCRIPTOR_BITS),
                    (int) (start & ((1 << DESCRIPTOR_BITS) - 1)),
                    (int) (question.range().end() - start),
                    node,
                    question.owner());
        }

        boolean mayLock(int type) {
            return access == Open.O_RDWR || access == (type == LockRange.READ ? Open.O_RDONLY : Open.O_WRONLY);
        }
    }

    private final Map<GuestKey, List<Place>> leaving = new ConcurrentHashMap<>();

    /// It is about to be held and asked about.
    void begin(GuestKey guest) {
        leaving.put(guest, new ArrayList<>());
    }

    void end(GuestKey guest) {
        leaving.remove(guest);
    }

    /// Takes note of a descriptor.
    ///
    /// @param node the file's
    /// @return whether others of the guest are of interest, too
    boolean asked(GuestKey guest, long node, TestLock question) {
        List<Place> places = leaving.get(guest);
        if (places == null) return false;
        synchronized (places) {
            places.add(Place.of(question, node));
        }
        return true;
    }

    /// Those of these locks whose places are known.
    List<GuestLock> locate(GuestKey guest, List<HeldLock> locks) {
        List<Place> places = leaving.getOrDefault(guest, List.of());
        synchronized (places) {
            return locks.stream()
                    .map(held -> locate(held.node(), held.lock(), places))
                    .filter(Objects::nonNull)
                    .toList();
        }
    }

    private static GuestLock locate(long node, SetLock lock, List<Place> places) {
        LockRange range = lock.range();
        Place ofProcess = null;
        for (Place place : places) {
            if (place.node != node) continue;
            if (place.file == lock.owner())
                return new GuestLock(
                        lock.flock() ? GuestLock.Kind.FLOCK : GuestLock.Kind.OPEN_FILE,
                        place.pid,
                        place.descriptor,
                        range);
            if (place.pid == range.pid() && place.mayLock(range.type())) ofProcess = place;
        }
        return ofProcess == null || lock.flock()
                ? null
                : new GuestLock(GuestLock.Kind.PROCESS, ofProcess.pid, ofProcess.descriptor, range);
    }
}
