package drover.linux.procfs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/// Looks at the load of this node: of the guests' cgroup where that has a quota, else of the machine.
///
/// A lab plays many nodes on one kernel, and on a shared machine guests may be limited to a part of it: then
/// only the guests' own tasks tell whether a node is free. Reads files only, a dozen at most; not thread-safe.
public final class LoadSampler {
    private static final Pattern SOME_10S = Pattern.compile("some avg10=([0-9.]+)");
    private static final long NO_LIMIT = 1L << 60; // v1 shows "unlimited" as a number near 2^63

    private final Path proc;
    private final GuestCgroup cgroup;
    private final KernelFile file = new KernelFile();

    /// @param proc usually /proc
    public LoadSampler(Path proc, GuestCgroup cgroup) {
        this.proc = proc;
        this.cgroup = cgroup;
    }

    public LoadSample sample() throws IOException {
        OptionalDouble quota =
                cgroup.cpu().stream().flatMapToDouble(this::quotaCpus).min();
        int machineCpus = Runtime.getRuntime().availableProcessors();
        double cpus = Math.min(quota.orElse(machineCpus), machineCpus);
        double runnable = quota.isPresent() ? guestRunnable() : machineRunnable();
        String meminfo = file.read(proc.resolve("meminfo"));
        long total = kilobytes(meminfo, "MemTotal:");
        long free = kilobytes(meminfo, "MemAvailable:");
        for (Path group : cgroup.memory()) {
            Optional<Long> limit = memoryLimit(group);
            if (limit.isEmpty()) continue;
            total = Math.min(total, limit.get());
            free = Math.min(free, Math.max(0, limit.get() - memoryUsed(group)));
        }
        return new LoadSample(cpus, runnable, total, free, pressure("cpu"), pressure("memory"));
    }

    private static long kilobytes(String meminfo, String key) throws IOException {
        return 1024 * KernelFile.number(meminfo, key).orElseThrow(() -> new IOException("/proc/meminfo has no " + key));
    }

    /// Cores that a group's quota amounts to, if it has one.
    private DoubleStream quotaCpus(Path group) {
        Optional<String> max = file.readIfThere(group.resolve("cpu.max"));
        if (max.isPresent()) {
            int space = max.get().indexOf(' ');
            if (max.get().startsWith("max") || space < 0) return DoubleStream.empty();
            return DoubleStream.of(Double.parseDouble(max.get().substring(0, space))
                    / Double.parseDouble(max.get().substring(space).strip()));
        }
        long quota = longIn(group.resolve("cpu.cfs_quota_us")).orElse(-1L);
        long period = longIn(group.resolve("cpu.cfs_period_us")).orElse(0L);
        return quota <= 0 || period <= 0 ? DoubleStream.empty() : DoubleStream.of((double) quota / period);
    }

    /// Tasks of the whole machine that run or wait for a core, without this one.
    private double machineRunnable() throws IOException {
        String loadavg = file.read(proc.resolve("loadavg"));
        int slash = loadavg.indexOf('/');
        int space = loadavg.lastIndexOf(' ', slash);
        return Math.max(0, Integer.parseInt(loadavg, space + 1, slash, 10) - 1);
    }

    /// Guests' tasks that run or wait: threads in state R of all processes in the cgroup and below it.
    private double guestRunnable() throws IOException {
        try (Stream<Path> directories = Files.walk(cgroup.cpu().getFirst())) {
            int sum = 0;
            for (Path directory : directories.filter(Files::isDirectory).toList()) sum += runnableIn(directory);
            return sum;
        } catch (java.io.UncheckedIOException e) {
            return 0; // a guest's cgroup was removed meanwhile: it is ending, and the next look is a second away
        }
    }

    private int runnableIn(Path directory) {
        Optional<String> tasks = file.readIfThere(directory.resolve("cgroup.threads"));
        if (tasks.isEmpty()) tasks = file.readIfThere(directory.resolve("tasks"));
        int runnable = 0;
        for (String thread : tasks.orElse("").lines().toList()) {
            Optional<String> stat = file.readIfThere(proc.resolve(thread).resolve("stat"));
            if (stat.isEmpty()) continue;
            int close = stat.get().lastIndexOf(')');
            if (close > 0 && stat.get().startsWith(" R", close + 1)) runnable++;
        }
        return runnable;
    }

    private Optional<Long> memoryLimit(Path group) {
        return longIn(group.resolve("memory.max"))
                .or(() -> longIn(group.resolve("memory.limit_in_bytes")))
                .filter(limit -> limit > 0 && limit < NO_LIMIT);
    }

    private long memoryUsed(Path group) {
        long used = longIn(group.resolve("memory.current"))
                .or(() -> longIn(group.resolve("memory.usage_in_bytes")))
                .orElse(0L);
        String stat = file.readIfThere(group.resolve("memory.stat")).orElse("");
        long cache = KernelFile.number(stat, "inactive_file").orElse(0L); // given back when needed
        return Math.max(0, used - cache);
    }

    private double pressure(String what) {
        return cgroup.cpu().stream()
                .findFirst()
                .flatMap(group -> file.readIfThere(group.resolve(what + ".pressure")))
                .or(() -> file.readIfThere(proc.resolve("pressure").resolve(what)))
                .map(SOME_10S::matcher)
                .filter(Matcher::find)
                .map(found -> Double.parseDouble(found.group(1)) / 100)
                .orElse(-1.0);
    }

    private Optional<Long> longIn(Path path) {
        return file.readIfThere(path).map(String::strip).flatMap(text -> {
            try {
                return Optional.of(Long.parseLong(text));
            } catch (NumberFormatException e) {
                return Optional.empty(); // "max"
            }
        });
    }
}
