package drover.linux.procfs;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/// Where the cgroup that holds all guests of this node shows its numbers: one directory in cgroup v2, one for each
/// controller in v1. A controller that is not there limits nothing.
///
/// @param cpu directory with cpu.max (v2) or cpu.cfs_quota_us (v1)
/// @param memory directory with memory.max (v2) or memory.limit_in_bytes (v1)
public record GuestCgroup(Optional<Path> cpu, Optional<Path> memory) {
    public GuestCgroup {
        Objects.requireNonNull(cpu);
        Objects.requireNonNull(memory);
    }

    /// No cgroup: guests may use the whole machine.
    public static GuestCgroup none() {
        return new GuestCgroup(Optional.empty(), Optional.empty());
    }

    /// The cgroup called `name` below the mounted hierarchies, as `drover/guests`; hierarchies where it does
    /// not exist are left out.
    public static GuestCgroup find(Path mounts, String name) {
        if (name.isEmpty()) return none();
        String relative = name.startsWith("/") ? name.substring(1) : name;
        if (Files.exists(mounts.resolve("cgroup.controllers"))) {
            Optional<Path> all = there(mounts.resolve(relative));
            return new GuestCgroup(all, all);
        }
        return new GuestCgroup(
                firstThere(mounts, relative, "cpu", "cpu,cpuacct"), firstThere(mounts, relative, "memory"));
    }

    private static Optional<Path> firstThere(Path mounts, String relative, String... controllers) {
        for (String controller : controllers) {
            Optional<Path> found = there(mounts.resolve(controller).resolve(relative));
            if (found.isPresent()) return found;
        }
        return Optional.empty();
    }

    private static Optional<Path> there(Path directory) {
        return Files.isDirectory(directory) ? Optional.of(directory) : Optional.empty();
    }
}
