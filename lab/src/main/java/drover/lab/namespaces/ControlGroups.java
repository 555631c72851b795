package drover.lab.namespaces;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/// The control groups of a lab, in every hierarchy this machine has (v1, v2, or both), under one name in each.
/// Source: cgroups(7); kernel documentation admin-guide/cgroup-v1 and cgroup-v2.
public final class ControlGroups {
    /// Controllers that a node uses; others are left alone.
    private static final Set<String> WANTED = Set.of("cpu", "cpuacct", "memory", "pids", "freezer");

    /// The kernel accepts no quota below this.
    private static final long MINIMUM_QUOTA_US = 1_000;

    private static final Duration POLL = Duration.ofMillis(10);

    private record Hierarchy(Path mount, Set<String> controllers, boolean unified) {
        boolean has(String controller) {
            return controllers.contains(controller);
        }
    }

    private final List<Hierarchy> hierarchies;

    private ControlGroups(List<Hierarchy> hierarchies) {
        this.hierarchies = List.copyOf(hierarchies);
    }

    public static ControlGroups ofThisMachine() {
        List<Hierarchy> found = new ArrayList<>();
        for (String line : readLines(Path.of("/proc/self/mountinfo"))) {
            String[] halves = line.split(" - ", 2);
            String[] mount = halves[0].split(" ", -1);
            String[] type = halves[1].split(" ", -1);
            Path at = Path.of(mount[4]);
            if (type[0].equals("cgroup2")) {
                Set<String> controllers = new HashSet<>(words(at.resolve("cgroup.controllers")));
                controllers.retainAll(WANTED);
                found.add(new Hierarchy(at, controllers, true));
            } else if (type[0].equals("cgroup")) {
                Set<String> controllers = new HashSet<>(Arrays.asList(type[2].split(",", -1)));
                controllers.retainAll(WANTED);
                if (!controllers.isEmpty()) found.add(new Hierarchy(at, controllers, false));
            }
        }
        if (found.isEmpty())
            throw new LabException(
                    "this machine shows no control groups; mount them (for example: mount -t cgroup2 none"
                            + " /sys/fs/cgroup) and try again");
        return new ControlGroups(found);
    }

    /// The directory of a group in each hierarchy.
    public List<Path> directories(String group) {
        return hierarchies.stream().map(each -> each.mount().resolve(group)).toList();
    }

    /// Makes the group and its parents. A v2 parent that gets children hands its controllers down, and so must
    /// hold no process itself: only leaves do.
    public void create(String group) {
        for (Hierarchy each : hierarchies) {
            Path directory = each.mount().resolve(group);
            try {
                Files.createDirectories(directory);
                if (each.unified() && !each.controllers().isEmpty()) handDown(each, directory.getParent());
            } catch (IOException e) {
                throw new LabException(
                        "cannot make the control group " + directory + ": " + e.getMessage()
                                + "; the lab needs root and writable control groups",
                        e);
            }
        }
    }

    private static void handDown(Hierarchy hierarchy, Path parent) throws IOException {
        if (!parent.equals(hierarchy.mount())) handDown(hierarchy, parent.getParent());
        Set<String> missing = new TreeSet<>(hierarchy.controllers());
        missing.removeAll(words(parent.resolve("cgroup.subtree_control")));
        for (String controller : missing) Files.writeString(parent.resolve("cgroup.subtree_control"), "+" + controller);
    }

    /// Limits all of the group together to a share of one core, counted anew in each period.
    public void limitCpu(String group, double share, Duration period) {
        long quotaUs = Math.max(MINIMUM_QUOTA_US, Math.round(period.toNanos() / 1e3 * share));
        long periodUs = Math.round(quotaUs / share);
        Hierarchy cpu = with("cpu")
                .orElseThrow(() -> new LabException("this machine has no cpu control group: --cpu cannot be kept;"
                        + " leave --cpu out, or boot a kernel with CONFIG_CFS_BANDWIDTH"));
        Path directory = cpu.mount().resolve(group);
        if (cpu.unified()) {
            write(directory.resolve("cpu.max"), quotaUs + " " + periodUs);
        } else {
            write(directory.resolve("cpu.cfs_period_us"), Long.toString(periodUs));
            write(directory.resolve("cpu.cfs_quota_us"), Long.toString(quotaUs));
        }
    }

    /// Limits the memory of all of the group together, and leaves it none to swap to.
    public void limitMemory(String group, long bytes) {
        Hierarchy memory = with("memory")
                .orElseThrow(() -> new LabException("this machine has no memory control group: --memory cannot be kept;"
                        + " leave --memory out, or boot a kernel with CONFIG_MEMCG"));
        Path directory = memory.mount().resolve(group);
        String text = Long.toString(bytes);
        if (memory.unified()) {
            write(directory.resolve("memory.max"), text);
            if (Files.exists(directory.resolve("memory.swap.max"))) write(directory.resolve("memory.swap.max"), "0");
        } else {
            write(directory.resolve("memory.limit_in_bytes"), text);
            Path withSwap = directory.resolve("memory.memsw.limit_in_bytes");
            if (Files.exists(withSwap)) write(withSwap, text);
        }
    }

    /// Where there is not enough CPU for all, the group gets what so many groups of the usual weight would get.
    /// Without this a whole lab would get as much as any one other process of the machine.
    ///
    /// @param machines a part of one, too: of a group that yields to others
    public void weigh(String group, double machines) {
        Optional<Hierarchy> cpu = with("cpu");
        if (cpu.isEmpty()) return; // then no group has a weight
        Path directory = cpu.get().mount().resolve(group);
        if (cpu.get().unified())
            write(directory.resolve("cpu.weight"), Long.toString(Math.min(10_000, Math.round(100 * machines))));
        else write(directory.resolve("cpu.shares"), Long.toString(Math.min(262_144, Math.round(1024 * machines))));
    }

    /// CPU time used by the group and all below it, also by processes that are gone.
    public Duration cpuTime(String group) {
        Optional<Hierarchy> account = with("cpuacct");
        if (account.isPresent()) {
            String text = read(account.get().mount().resolve(group).resolve("cpuacct.usage"));
            return Duration.ofNanos(Long.parseLong(text.strip()));
        }
        Hierarchy unified = hierarchies.stream()
                .filter(Hierarchy::unified)
                .findFirst()
                .orElseThrow(() -> new LabException("this machine does not count the CPU time of control groups"));
        for (String line :
                read(unified.mount().resolve(group).resolve("cpu.stat")).split("\n", -1))
            if (line.startsWith("usage_usec ")) return Duration.ofNanos(Long.parseLong(line.substring(11)) * 1000);
        throw new LabException("no usage_usec in the cpu.stat of " + group);
    }

    /// Freezes every process of the group, and waits until they stand (a process inside an uninterruptible call may
    /// take its time: after the limit the freeze is complete as soon as that call returns).
    ///
    /// @return whether all stand within the limit
    public boolean freeze(String group, Duration limit) {
        Hierarchy freezer = freezer();
        Path directory = freezer.mount().resolve(group);
        if (freezer.unified()) write(directory.resolve("cgroup.freeze"), "1");
        else write(directory.resolve("freezer.state"), "FROZEN");
        return await(
                limit,
                () -> freezer.unified()
                        ? read(directory.resolve("cgroup.events")).contains("frozen 1")
                        : read(directory.resolve("freezer.state")).strip().equals("FROZEN"));
    }

    public void thaw(String group) {
        Hierarchy freezer = freezer();
        Path directory = freezer.mount().resolve(group);
        if (!Files.isDirectory(directory)) return;
        // Also groups below, which a node's own keeper may have frozen: a frozen process does not even die (v1).
        for (Path each : treeBottomUp(directory).reversed()) {
            if (freezer.unified()) write(each.resolve("cgroup.freeze"), "0");
            else write(each.resolve("freezer.state"), "THAWED");
        }
    }

    /// Processes of the group and all below it, in any hierarchy.
    public Set<Long> processes(String group) {
        Set<Long> found = new TreeSet<>();
        for (Path directory : directories(group))
            for (Path each : treeBottomUp(directory))
                for (String pid : words(each.resolve("cgroup.procs"))) found.add(Long.parseLong(pid));
        return found;
    }

    /// Kills everything in the group. True when nothing is left within the limit.
    public boolean kill(String group, Duration limit) {
        return await(limit, () -> killed(group));
    }

    private boolean killed(String group) {
        Set<Long> left = processes(group);
        left.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
        if (!left.isEmpty()) thaw(group);
        return left.isEmpty();
    }

    /// Removes the group and all below it. True when it is gone; a group whose last process has just ended may
    /// be busy for a moment.
    public boolean remove(String group, Duration limit) {
        return await(limit, () -> isRemoved(group));
    }

    /// The same, and ends what comes into the group meanwhile: a process that a killed one had just started.
    public boolean killAndRemove(String group, Duration limit) {
        return await(limit, () -> killed(group) && isRemoved(group));
    }

    private boolean isRemoved(String group) {
        boolean gone = true;
        for (Path directory : directories(group)) for (Path each : treeBottomUp(directory)) gone &= removed(each);
        return gone;
    }

    /// Removes the group only if nothing is below it.
    public void removeIfUnused(String group) {
        directories(group).forEach(ControlGroups::removed);
    }

    private static boolean removed(Path directory) {
        try {
            // Not walk-and-delete of files: rmdir(2) alone removes a control group with its files.
            Files.deleteIfExists(directory);
            return true;
        } catch (DirectoryNotEmptyException e) {
            return false;
        } catch (IOException e) {
            return !Files.exists(directory);
        }
    }

    private Hierarchy freezer() {
        return with("freezer")
                .or(() -> hierarchies.stream().filter(Hierarchy::unified).findFirst())
                .orElseThrow(() -> new LabException("this machine has no control group that can freeze a node"));
    }

    private Optional<Hierarchy> with(String controller) {
        return hierarchies.stream().filter(each -> each.has(controller)).findFirst();
    }

    private interface Condition {
        boolean holds();
    }

    private static boolean await(Duration limit, Condition condition) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() - deadline > 0) return false;
            try {
                Thread.sleep(POLL);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    private static List<Path> treeBottomUp(Path directory) {
        List<Path> found = new ArrayList<>();
        collect(directory, found);
        found.sort(Comparator.comparingInt(Path::getNameCount).reversed());
        return found;
    }

    /// Groups come and go while we look: what vanishes is not there.
    private static void collect(Path directory, List<Path> into) {
        if (!Files.isDirectory(directory)) return;
        into.add(directory);
        try (Stream<Path> children = Files.list(directory)) {
            for (Path child : children.filter(Files::isDirectory).toList()) collect(child, into);
        } catch (IOException | java.io.UncheckedIOException e) {
            return;
        }
    }

    private static List<String> words(Path file) {
        try {
            String text = Files.readString(file).strip();
            return text.isEmpty() ? List.of() : Arrays.asList(text.split("\\s+", -1));
        } catch (IOException e) {
            return List.of();
        }
    }

    private static List<String> readLines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new LabException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new LabException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new LabException("cannot write '" + text + "' to " + file + ": " + e.getMessage(), e);
        }
    }
}
