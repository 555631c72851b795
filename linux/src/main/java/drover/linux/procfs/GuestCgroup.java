package drover.linux.procfs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Where the cgroup that holds all guests of this node shows its numbers: in one hierarchy in cgroup v2, in one for
/// each controller in v1. What limits one of the groups around it limits it, too. A controller that is not there
/// limits nothing.
///
/// @param cpu directories with cpu.max (v2) or cpu.cfs_quota_us (v1): the guests' own first, those around it
///     behind; empty if there is none
/// @param memory the same with memory.max (v2) or memory.limit_in_bytes (v1)
public record GuestCgroup(List<Path> cpu, List<Path> memory) {
    private static final String OWN = "/drover-guests";

    public GuestCgroup {
        cpu = List.copyOf(cpu);
        memory = List.copyOf(memory);
    }

    /// No cgroup: guests may use the whole machine.
    public static GuestCgroup none() {
        return new GuestCgroup(List.of(), List.of());
    }

    /// The one that the keeper makes where it is told nothing else: in the group of the daemon that starts it.
    ///
    /// @param proc usually /proc
    public static GuestCgroup ofOwn(Path proc, Path mounts) {
        try (Stream<String> lines = Files.lines(proc.resolve("self/cgroup"))) {
            boolean unified = Files.exists(mounts.resolve("cgroup.controllers"));
            return lines.map(line -> line.split(":", 3))
                    .filter(fields -> fields.length == 3)
                    .filter(fields -> unified
                            ? fields[1].isEmpty()
                            : List.of(fields[1].split(",", -1)).contains("cpu"))
                    .map(fields -> find(mounts, (fields[2].equals("/") ? "" : fields[2]) + OWN))
                    .findFirst()
                    .orElse(none());
        } catch (IOException e) {
            return none();
        }
    }

    /// The cgroup called `name` below the mounted hierarchies, as `drover/guests`; hierarchies where it does
    /// not exist are left out.
    public static GuestCgroup find(Path mounts, String name) {
        if (name.isEmpty()) return none();
        String relative = name.startsWith("/") ? name.substring(1) : name;
        if (Files.exists(mounts.resolve("cgroup.controllers"))) {
            List<Path> all = fromThere(mounts, relative);
            return new GuestCgroup(all, all);
        }
        return new GuestCgroup(
                firstThere(mounts, relative, "cpu", "cpu,cpuacct"), firstThere(mounts, relative, "memory"));
    }

    private static List<Path> firstThere(Path mounts, String relative, String... controllers) {
        for (String controller : controllers) {
            List<Path> found = fromThere(mounts.resolve(controller), relative);
            if (!found.isEmpty()) return found;
        }
        return List.of();
    }

    private static List<Path> fromThere(Path mount, String relative) {
        List<Path> directories = new ArrayList<>();
        Path directory = mount.resolve(relative).normalize();
        if (!Files.isDirectory(directory)) return directories;
        for (; directory.startsWith(mount); directory = directory.getParent()) directories.add(directory);
        return directories;
    }
}
