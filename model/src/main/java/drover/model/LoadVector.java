package drover.model;

/// What a node says about itself, measured at its own clock.
///
/// @param speed CPU speed of one core relative to the reference loop (1.0), calibrated once and kept
/// @param cpus cores that guests may use; a fraction where a quota limits them
/// @param cpuLoad runnable tasks (tasks, not percent), quick to rise and slow to fall: for whoever would come here
/// @param settledLoad the same, slow to rise and quick to fall, and the owner's work as it usually is: for whoever
///     might leave
/// @param memoryTotalBytes memory that guests may use at all
/// @param memoryFreeBytes memory that guests may use now
/// @param cpuPressure share of the last ten seconds in which some task waited for a core (0 to 1), or -1 where
///     the kernel does not tell
/// @param memoryPressure the same for memory
/// @param guests guests running here
/// @param openness whether it takes guests
/// @param sequence raised by one for each vector this node makes since it started
/// @param incarnation start time of the daemon in seconds since 1970, so that a restarted node's vectors are
///     the newer ones
public record LoadVector(
        double speed,
        double cpus,
        double cpuLoad,
        double settledLoad,
        long memoryTotalBytes,
        long memoryFreeBytes,
        double cpuPressure,
        double memoryPressure,
        int guests,
        Openness openness,
        long sequence,
        long incarnation) {
    public LoadVector {
        if (!(speed > 0)) throw new IllegalArgumentException("speed must be > 0, got " + speed);
        if (!(cpus > 0)) throw new IllegalArgumentException("cpus must be > 0, got " + cpus);
        if (!(cpuLoad >= 0)) throw new IllegalArgumentException("cpuLoad must be >= 0, got " + cpuLoad);
        if (!(settledLoad >= 0)) throw new IllegalArgumentException("settledLoad must be >= 0, got " + settledLoad);
        if (memoryTotalBytes < 0 || memoryFreeBytes < 0)
            throw new IllegalArgumentException(
                    "memory must be >= 0, got " + memoryTotalBytes + " and " + memoryFreeBytes);
        if (guests < 0) throw new IllegalArgumentException("guests must be >= 0, got " + guests);
    }

    /// That of a node which takes guests, and whose load has been the same for long.
    public LoadVector(
            double speed,
            double cpus,
            double cpuLoad,
            long memoryTotalBytes,
            long memoryFreeBytes,
            double cpuPressure,
            double memoryPressure,
            int guests,
            long sequence,
            long incarnation) {
        this(
                speed,
                cpus,
                cpuLoad,
                cpuLoad,
                memoryTotalBytes,
                memoryFreeBytes,
                cpuPressure,
                memoryPressure,
                guests,
                Openness.OPEN,
                sequence,
                incarnation);
    }

    /// The same with another settled load.
    public LoadVector withSettledLoad(double tasks) {
        return new LoadVector(
                speed,
                cpus,
                cpuLoad,
                tasks,
                memoryTotalBytes,
                memoryFreeBytes,
                cpuPressure,
                memoryPressure,
                guests,
                openness,
                sequence,
                incarnation);
    }

    /// Whether this vector of the same node replaces `other`.
    public boolean isNewerThan(LoadVector other) {
        return incarnation != other.incarnation ? incarnation > other.incarnation : sequence > other.sequence;
    }
}
