package drover.homefs.server;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The st_ino to show for each (device, inode) of home: one mount shows many of home's file systems, and
/// programs take two files of the same st_ino and st_dev for one. The root's file system keeps its numbers;
/// others get 16 bits of their own on top.
final class InodeNumbers {
    private final long rootDevice;
    private final Map<Long, Long> tags = new ConcurrentHashMap<>();
    private final Set<Long> used = new HashSet<>();

    InodeNumbers(long rootDevice) {
        this.rootDevice = rootDevice;
    }

    long number(long device, long inode) {
        if (device == rootDevice) return inode;
        return inode ^ tags.computeIfAbsent(device, this::newTag) << 47;
    }

    /// From the device itself, so that it is the same after a restart; the next free one if that is taken.
    private long newTag(long device) {
        synchronized (this) {
            long tag = (device * 0x9E37_79B9_7F4A_7C15L) >>> 48 | 1;
            while (used.contains(tag)) tag = (tag + 2) & 0xffff;
            used.add(tag);
            return tag;
        }
    }
}
