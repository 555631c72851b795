package drover.linux.procfs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
        Optional<Double> quota = quotaCpus();
        int machineCpus = Runtime.getRuntime().availableProcessors();
        double cpus = quota.map(limit -> Math.min(limit, machineCpus)).orElse((double) machineCpus);
        double runnable = quota.isPresent() ? guestRunnable() : machineRunnable();
        String meminfo = file.read(proc.resolve("meminfo"));
        long total = kilobytes(meminfo, "MemTotal:");
        long free = kilobytes(meminfo, "MemAvailable:");
        Optional<Long> limit = memoryLimit();
        if (limit.isPresent() && limit.get() < total) {
            total = limit.get();
            free = Math.min(free, Math.max(0, total - memoryUsed()));
        }
        return new LoadSample(cpus, runnable, total, free, pressure("cpu"), pressure("memory"));
    }

    private static long kilobytes(String meminfo, String key) throws IOException {
        return 1024 * KernelFile.number(meminfo, key).orElseThrow(() -> new IOException("/proc/meminfo has no " + key));
    }

    /// Cores that the quota amounts to, if there is one.
    private Optional<Double> quotaCpus() {
        if (cgroup.cpu().isEmpty()) return Optional.empty();
        Path directory = cgroup.cpu().get();
        Optional<String> max = file.readIfThere(directory.resolve("cpu.max"));
        if (max.isPresent()) {
            int space = max.get().indexOf(' ');
            if (max.get().startsWith("max") || space < 0) return Optional.empty();
            return Optional.of(Double.parseDouble(max.get().substring(0, space))
                    / Double.parseDouble(max.get().substring(space).strip()));
        }
        long quota = longIn(directory.resolve("cpu.cfs_quota_us")).orElse(-1L);
        long period = longIn(directory.resolve("cpu.cfs_period_us")).orElse(0L);
        return quota <= 0 || period <= 0 ? Optional.empty() : Optional.of((double) quota / period);
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
        try (Stream<Path> directories = Files.walk(cgroup.cpu().orElseThrow())) {
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

    private Optional<Long> memoryLimit() {
        if (cgroup.memory().isEmpty()) return Optional.empty();
        Path directory = cgroup.memory().get();
        return longIn(directory.resolve("memory.max"))
                .or(() -> longIn(directory.resolve("memory.limit_in_bytes")))
                .filter(limit -> limit > 0 && limit < NO_LIMIT);
    }

    private long memoryUsed() {
        Path directory = cgroup.memory().orElseThrow();
        long used = longIn(directory.resolve("memory.current"))
                .or(() -> longIn(directory.resolve("memory.usage_in_bytes")))
                .orElse(0L);
        String stat = file.readIfThere(directory.resolve("memory.stat")).orElse("");
        long cache = KernelFile.number(stat, "inactive_file").orElse(0L); // given back when needed
        return Math.max(0, used - cache);
    }

    private double pressure(String what) {
        Path ofGuests = cgroup.cpu().orElse(proc).resolve(what + ".pressure");
        return file.readIfThere(ofGuests)
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
