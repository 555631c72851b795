package drover.linux.procfs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/// Looks at the load of this node: of the group with a quota that guests are in, if there is one, else of the machine.
///
/// A lab plays many nodes on one kernel, and on a shared machine guests may be limited to a part of it: then only
/// the tasks that share this part tell whether a node is free. Each look reads a handful of files. The limits hardly
/// ever
/// change, nor does where the guests are: every thirtieth look reads them, too. Not thread-safe.
public final class LoadSampler {
    private static final Pattern SOME_10S = Pattern.compile("some avg10=([0-9.]+)");
    private static final long NO_LIMIT = 1L << 60; // v1 shows "unlimited" as a number near 2^63
    private static final int LOOKS_PER_LIMITS = 30;

    /// @param cpus what the quotas amount to, of the machine's cores at most
    /// @param shared the innermost group with a quota
    /// @param guests the guests' own group, if it is known
    /// @param memory the groups with a limit, in bytes
    private record Limits(double cpus, Optional<Path> shared, Optional<Path> guests, Map<Path, Long> memory) {}

    private final Path proc;
    private final Supplier<GuestCgroup> cgroups;
    private final KernelFile file = new KernelFile();
    private final KeptFile memory;
    private final KeptFile loadavg;
    private final Optional<KeptFile> cpuPressure;
    private final Optional<KeptFile> memoryPressure;
    private Limits limits;
    private int looks;

    /// Looks at the kernel's files.
    ///
    /// @param proc usually /proc
    /// @param cgroups finds the guests' group, which may be made only later
    public LoadSampler(Path proc, Supplier<GuestCgroup> cgroups) {
        this.proc = proc;
        this.cgroups = cgroups;
        this.memory = new KeptFile(proc.resolve("meminfo"));
        this.loadavg = new KeptFile(proc.resolve("loadavg"));
        this.cpuPressure = pressureFile("cpu");
        this.memoryPressure = pressureFile("memory");
        this.limits = limits();
    }

    private Optional<KeptFile> pressureFile(String what) {
        GuestCgroup cgroup = cgroups.get();
        return Stream.concat(
                        cgroup.cpu().stream().limit(1).map(group -> group.resolve(what + ".pressure")),
                        Stream.of(proc.resolve("pressure").resolve(what)))
                .filter(Files::exists)
                .findFirst()
                .map(KeptFile::new);
    }

    private Limits limits() {
        GuestCgroup cgroup = cgroups.get();
        Optional<Path> shared = cgroup.cpu().stream()
                .filter(group -> quotaCpus(group).findAny().isPresent())
                .findFirst();
        OptionalDouble quota =
                cgroup.cpu().stream().flatMapToDouble(this::quotaCpus).min();
        int machineCpus = Runtime.getRuntime().availableProcessors();
        Map<Path, Long> bounded = new LinkedHashMap<>();
        for (Path group : cgroup.memory()) memoryLimit(group).ifPresent(limit -> bounded.put(group, limit));
        return new Limits(
                Math.min(quota.orElse(machineCpus), machineCpus),
                shared,
                cgroup.cpu().stream().findFirst(),
                bounded);
    }

    /// Looks once.
    ///
    /// @param hasGuests whether there is a guest at all: if not, nobody is looked for
    public LoadSample sample(boolean hasGuests) throws IOException {
        if (++looks % LOOKS_PER_LIMITS == 0) limits = limits();
        double guests = 0;
        double others = 0;
        if (limits.guests.isEmpty()) guests = machineRunnable();
        else {
            if (hasGuests) guests = runnableBelow(limits.guests.get(), Optional.empty());
            // not all but those of guests: who runs at one look may sleep at the next
            others = limits.shared.isPresent()
                    ? runnableBelow(limits.shared.get(), limits.guests)
                    : Math.max(0, machineRunnable() - guests);
        }
        String meminfo = memory.read();
        long total = kilobytes(meminfo, "MemTotal:");
        long free = kilobytes(meminfo, "MemAvailable:");
        for (Map.Entry<Path, Long> group : limits.memory.entrySet()) {
            total = Math.min(total, group.getValue());
            free = Math.min(free, Math.max(0, group.getValue() - memoryUsed(group.getKey())));
        }
        return new LoadSample(
                limits.cpus, guests, others, total, free, pressure(cpuPressure), pressure(memoryPressure));
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
        String text = loadavg.read();
        int slash = text.indexOf('/');
        int space = text.lastIndexOf(' ', slash);
        return Math.max(0, Integer.parseInt(text, space + 1, slash, 10) - 1);
    }

    /// Tasks that run or wait: threads in state R of all processes in the group and below it.
    ///
    /// @param but a group whose tasks do not count
    private double runnableBelow(Path group, Optional<Path> but) throws IOException {
        try (Stream<Path> directories = Files.walk(group)) {
            int sum = 0;
            for (Path directory : directories.filter(Files::isDirectory).toList())
                if (but.isEmpty() || !directory.startsWith(but.get())) sum += runnableIn(directory);
            return sum;
        } catch (java.io.UncheckedIOException e) {
            return 0; // a guest's group was removed meanwhile: it is ending, and the next look is a second away
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

    /// -1 where the kernel has no such figure, or has the file but not the feature (EOPNOTSUPP).
    private static double pressure(Optional<KeptFile> file) {
        if (file.isEmpty()) return -1;
        try {
            Matcher found = SOME_10S.matcher(file.get().read());
            return found.find() ? Double.parseDouble(found.group(1)) / 100 : -1;
        } catch (IOException e) {
            return -1;
        }
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
