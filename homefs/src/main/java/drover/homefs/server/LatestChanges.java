package drover.homefs.server;

import drover.protocol.file.Bytes;
import java.util.LinkedHashMap;
import java.util.Map;

/// What of home's files has changed lately, so that nothing is promised of what was looked at before.
///
/// Only the latest changes are remembered. Whoever looked before one that is forgotten is told that everything has
/// changed since.
///
/// Thread rule: owned by [Leases], under its lock.
final class LatestChanges {
    static final int REMEMBERED = 8_192;

    /// A name in a directory: what it leads to, and what programs at home do to that file.
    private record Name(Identity directory, Bytes name) {}

    /// From when changes that programs at home make in a directory are noticed.
    private record Watch(Identity directory) {}

    private final int remembered;
    /// The moment of the last change of each, the oldest first.
    private final Map<Object, Long> moments = new LinkedHashMap<>();

    private long now;
    /// Of changes up to this moment some are forgotten.
    private long forgotten;

    LatestChanges(int remembered) {
        this.remembered = remembered;
    }

    /// Moments begin with 0, and grow by each change.
    long now() {
        return now;
    }

    /// A file or directory itself; of a directory also its listing.
    void file(Identity file) {
        changed(file);
    }

    void name(Identity directory, Bytes name) {
        changed(new Name(directory, name));
        changed(directory);
    }

    void watched(Identity directory) {
        changed(new Watch(directory));
    }

    void everything() {
        moments.clear();
        forgotten = ++now;
    }

    private void changed(Object what) {
        moments.remove(what); // it goes to the end
        moments.put(what, ++now);
        if (moments.size() <= remembered) return;
        Map.Entry<Object, Long> oldest = moments.entrySet().iterator().next();
        forgotten = oldest.getValue();
        moments.remove(oldest.getKey());
    }

    /// Whether a file may be another than it was at that moment, or a directory may have been watched only since.
    boolean ofFile(long since, Inode file) {
        Identity identity = file.identity();
        if (identity.type() == 0) return now != since; // other nodes know it by another identity
        return has(since, identity) || (identity.isDirectory() && has(since, new Watch(identity)));
    }

    /// Whether a name may lead elsewhere than it did at that moment, or may not have been watched then.
    boolean ofName(long since, Inode directory, Bytes name) {
        Identity identity = directory.identity();
        if (identity.type() == 0) return now != since;
        return has(since, new Name(identity, name)) || has(since, new Watch(identity));
    }

    private boolean has(long since, Object what) {
        if (now == since) return false;
        if (since < forgotten) return true;
        Long moment = moments.get(what);
        return moment != null && moment > since;
    }
}
