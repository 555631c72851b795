package drover.model;

/// What a node says about itself, measured at its own clock.
///
/// @param speed CPU speed of one core relative to the reference loop (1.0), calibrated once and kept
/// @param cpus cores that guests may use; a fraction where a quota limits them
/// @param cpuLoad runnable tasks, smoothed (tasks, not percent)
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
        if (memoryTotalBytes < 0 || memoryFreeBytes < 0)
            throw new IllegalArgumentException(
                    "memory must be >= 0, got " + memoryTotalBytes + " and " + memoryFreeBytes);
        if (guests < 0) throw new IllegalArgumentException("guests must be >= 0, got " + guests);
    }

    /// That of a node which takes guests.
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
                memoryTotalBytes,
                memoryFreeBytes,
                cpuPressure,
                memoryPressure,
                guests,
                Openness.OPEN,
                sequence,
                incarnation);
    }

    /// The same with another load.
    public LoadVector withCpuLoad(double tasks) {
        return new LoadVector(
                speed,
                cpus,
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
