package drover.homefs.mount;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// How one home is mounted on this node.
///
/// @param connectionId of the FUSE connection, as the keeper tells it; 0 if not known (then the read-ahead
///     stays the kernel's)
/// @param mountId the same as long as the kernel's mount lives, also for a later daemon, and different for
///     each mount: home forgets what it knew of another one
/// @param briefTimeout how long the kernel may believe without asking what home does not watch; a starting
///     job sees no older names
/// @param leaseTimeout the same for what home has promised to take back: it bounds what nobody knows any more
///     when home and this daemon were both restarted
/// @param readerThreads that wait for requests of the kernel
/// @param maxCallsInFlight calls that wait for home at once; more wait in the kernel
/// @param readAheadKib what the kernel may read ahead of a sequential reader
/// @param prefetchBytes up to which size a file's content comes along with its open
/// @param mostNodes inodes of home that the kernel here may know, if home says no smaller number
/// @param callerPatience how long a caller that is of no guest yet may become one, before it is refused
/// @param notes of a home's mount of its own files, on which other nodes' ways to its content are no use: where it
///     notes what the kernel knows, for the daemon after this one
public record HomeMountConfig(
        long connectionId,
        long mountId,
        Duration briefTimeout,
        Duration leaseTimeout,
        int readerThreads,
        int maxCallsInFlight,
        int readAheadKib,
        int prefetchBytes,
        int mostNodes,
        Duration callerPatience,
        Optional<Path> notes) {
    /// A quarter of the heap at most is for inodes of some 400 bytes.
    private static final long HEAP_BYTES_FOR_NODE = 1_600;

    public HomeMountConfig {
        if (mountId == 0) throw new IllegalArgumentException("a mount's id must not be 0");
        if (briefTimeout.isNegative() || leaseTimeout.compareTo(briefTimeout) < 0)
            throw new IllegalArgumentException(
                    "timeouts must be 0 <= brief <= lease, got " + briefTimeout + " and " + leaseTimeout);
        if (readerThreads < 1 || readerThreads > 16)
            throw new IllegalArgumentException("reader threads are 1 to 16, got " + readerThreads);
        if (maxCallsInFlight < 16 || maxCallsInFlight > 1_536)
            throw new IllegalArgumentException("calls in flight are 16 to 1536, got " + maxCallsInFlight);
        if (readAheadKib < 128 || readAheadKib > 16_384)
            throw new IllegalArgumentException("the read-ahead is 128 to 16384 KiB, got " + readAheadKib);
        if (prefetchBytes < 0 || prefetchBytes > 65_536)
            throw new IllegalArgumentException("prefetched are 0 to 65536 bytes, got " + prefetchBytes);
        if (mostNodes < 256) throw new IllegalArgumentException("at least 256 inodes are known, got " + mostNodes);
    }

    /// The usual one of another node's files.
    public static HomeMountConfig of(long connectionId, long mountId) {
        return of(connectionId, mountId, Optional.empty());
    }

    /// The usual one.
    public static HomeMountConfig of(long connectionId, long mountId, Optional<Path> notes) {
        return new HomeMountConfig(
                connectionId,
                mountId,
                Duration.ofMillis(40),
                Duration.ofMinutes(5),
                2,
                512,
                256, // a page of a program brings as much around it: a megabyte each is too much for a slow link
                15 << 10, // the reply stays below what goes over the link for bulk
                (int) Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory() / HEAP_BYTES_FOR_NODE),
                Duration.ofSeconds(2),
                notes);
    }
}
