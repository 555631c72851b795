package drover.homefs.server;

import drover.model.NodeId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// What is served, and within which limits.
///
/// @param home this node
/// @param root the tree that is served
/// @param veiled directories in it whose content is not served: they show empty
/// @param performedLog where is remembered, for a restart, which calls were performed
/// @param cookies a directory of the daemon's own, in which it makes changes to know how far it has followed
///     others'
/// @param guestLease how long a guest may run without hearing from home
/// @param boot larger at each start of home; part of all ids, so that none is ever used twice
/// @param threads that perform calls; each native call occupies one
/// @param maxDescriptors O_PATH descriptors kept open for inodes; more are opened again when needed
/// @param maxInodes that all nodes together may know
/// @param maxHandles open files of all guests together; more are refused with ENFILE
/// @param maxHandlesPerGuest open files of one guest; more are refused with EMFILE
/// @param maxCallsPerNode calls of one node that may wait or run at once; more are refused with EAGAIN, and a
///     node of ours never makes them
/// @param rememberedReplies of calls that change something, for each node: at least as many as a node has in
///     flight
public record FileServerConfig(
        NodeId home,
        Path root,
        List<Path> veiled,
        Path performedLog,
        Path cookies,
        Duration guestLease,
        long boot,
        int threads,
        int maxDescriptors,
        long maxInodes,
        int maxHandles,
        int maxHandlesPerGuest,
        int maxCallsPerNode,
        int rememberedReplies) {
    /// A quarter of the heap at most is for inodes of some 500 bytes.
    private static final long HEAP_BYTES_FOR_INODE = 2_000;

    public FileServerConfig {
        veiled = List.copyOf(veiled);
        if (!root.isAbsolute()) throw new IllegalArgumentException("the root must be absolute, got " + root);
        if (boot <= 0 || boot >= 1L << 31) throw new IllegalArgumentException("boot is 1 to 2^31 - 1, got " + boot);
        if (!guestLease.isPositive())
            throw new IllegalArgumentException("a guest's lease must be > 0, got " + guestLease);
        if (threads < 1) throw new IllegalArgumentException("threads must be >= 1, got " + threads);
        if (maxDescriptors < 64 || maxHandles < 64 || maxHandlesPerGuest < 16)
            throw new IllegalArgumentException("limits of descriptors and handles are too small to work: "
                    + maxDescriptors + ", " + maxHandles + ", " + maxHandlesPerGuest);
        if (maxCallsPerNode < 16 || rememberedReplies < maxCallsPerNode)
            throw new IllegalArgumentException("remembered replies (" + rememberedReplies
                    + ") must be at least the calls in flight (" + maxCallsPerNode + "), and those at least 16");
    }

    /// The whole of this machine, but for what makes no sense elsewhere and for the daemon's own directories.
    public static FileServerConfig ofMachine(NodeId home, Path runDirectory, Path stateDirectory, Duration guestLease) {
        return new FileServerConfig(
                home,
                Path.of("/"),
                List.of(Path.of("/proc"), Path.of("/sys"), Path.of("/dev"), runDirectory, stateDirectory),
                stateDirectory.resolve("file-calls"),
                stateDirectory.resolve("cookies"),
                guestLease,
                bootNow(),
                Math.max(8, 2 * Runtime.getRuntime().availableProcessors()),
                4_096,
                Runtime.getRuntime().maxMemory() / HEAP_BYTES_FOR_INODE,
                12_000,
                10_500,
                2_048,
                8_192);
    }

    /// Quarters of a second since 2020: fits 31 bits until 2037, and no daemon restarts faster.
    public static long bootNow() {
        return (System.currentTimeMillis() - 1_577_836_800_000L) / 250;
    }
}
