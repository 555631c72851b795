package drover.linux.procfs;

/// What one look at the kernel told.
///
/// @param cpus cores that guests may use, a fraction where a quota limits them
/// @param guestTasks tasks of guests that run or wait for a core; unfiltered. All, where guests cannot be told apart
/// @param otherTasks the same of everybody else, without the one that looked
/// @param memoryTotalBytes memory that guests may use at all
/// @param memoryFreeBytes memory that guests may use now
/// @param cpuPressure share of the last ten seconds in which some task waited for a core (0 to 1), or -1 where the
/// kernel
///     does not tell
/// @param memoryPressure the same for memory
public record LoadSample(
        double cpus,
        double guestTasks,
        double otherTasks,
        long memoryTotalBytes,
        long memoryFreeBytes,
        double cpuPressure,
        double memoryPressure) {
    public LoadSample {
        if (!(cpus > 0)) throw new IllegalArgumentException("cpus must be > 0, got " + cpus);
        if (!(guestTasks >= 0 && otherTasks >= 0))
            throw new IllegalArgumentException("tasks must be >= 0, got " + guestTasks + " and " + otherTasks);
        if (memoryTotalBytes < 0 || memoryFreeBytes < 0)
            throw new IllegalArgumentException(
                    "memory must be >= 0, got " + memoryTotalBytes + " and " + memoryFreeBytes);
    }
}
