package drover.protocol.file;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The bytes of a file that a lock is about.
///
/// @param type 0 to read, 1 to write, 2 none (fcntl(2))
/// @param end the last byte of the range; Long.MAX_VALUE is the end of the file, however long it grows
/// @param pid as the guest's node knows it, shown to others who ask
public record LockRange(int type, long start, long end, int pid) {
    public static final int READ = 0;
    public static final int WRITE = 1;
    public static final int NONE = 2;

    /// What an owner holds of a file after it has set one more range, or given it back: in order, nothing twice, and
    /// in one piece what is locked alike.
    ///
    /// @param held what it held before, likewise
    public static List<LockRange> set(List<LockRange> held, LockRange later) {
        List<LockRange> parts = new ArrayList<>();
        for (LockRange each : held) {
            if (each.start < later.start) parts.add(each.part(each.start, Math.min(each.end, later.start - 1)));
            if (each.end > later.end) parts.add(each.part(Math.max(each.start, later.end + 1), each.end));
        }
        if (later.type != NONE) parts.add(later);
        parts.sort(Comparator.comparingLong(LockRange::start));
        List<LockRange> all = new ArrayList<>();
        for (LockRange each : parts) {
            LockRange last = all.isEmpty() ? null : all.getLast();
            if (last != null && last.type == each.type && last.end == each.start - 1)
                all.set(all.size() - 1, each.part(last.start, each.end));
            else all.add(each);
        }
        return all;
    }

    private LockRange part(long from, long to) {
        return new LockRange(type, from, to, pid);
    }

    /// Whether the same is locked alike, whoever did it.
    public static boolean areAlike(List<LockRange> some, List<LockRange> others) {
        return ofNobody(some).equals(ofNobody(others));
    }

    private static List<LockRange> ofNobody(List<LockRange> ranges) {
        return ranges.stream()
                .map(each -> new LockRange(each.type, each.start, each.end, 0))
                .toList();
    }
}
