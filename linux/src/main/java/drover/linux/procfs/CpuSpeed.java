package drover.linux.procfs;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

/// The speed of one core, measured once and kept: a short loop of integer arithmetic and memory reads, timed by
/// the thread's own CPU time, so that load on the machine does not make it look slow. 1.0 is a core of an AMD
/// EPYC (family 25, model 17) at 2.6 GHz.
public final class CpuSpeed {
    private static final long REFERENCE_NS = 2_083_000; // one round on the reference core
    private static final int ROUND_STEPS = 400_000;
    private static final int TABLE_WORDS = 1 << 14; // 64 KiB: first and second level cache
    private static final long BUDGET_NS = 200_000_000; // CPU time of a calibration
    private static final int ALIKE = 5; // so many rounds within 2 % of the best show that warm-up is over
    private static final long PATIENCE_NS = 600_000_000; // on a starved machine the compiler may come late

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private CpuSpeed() {}

    /// The kept speed if it was measured on this model of CPU, else a fresh measurement, which is then kept in
    /// `file`.
    public static double keptOrMeasured(Path file) throws IOException {
        String model = model();
        Optional<Double> kept = read(file, model);
        if (kept.isPresent()) return kept.get();
        double speed = measure();
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(fresh, "speed=" + speed + "\nmodel=" + model + "\n");
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return speed;
    }

    private static Optional<Double> read(Path file, String model) throws IOException {
        try {
            List<String> lines = Files.readAllLines(file);
            if (lines.size() < 2
                    || !lines.get(0).startsWith("speed=")
                    || !lines.get(1).equals("model=" + model)) return Optional.empty();
            double speed = Double.parseDouble(lines.get(0).substring(6));
            return speed > 0 && speed < 1000 ? Optional.of(speed) : Optional.empty();
        } catch (NoSuchFileException | NumberFormatException e) {
            return Optional.empty(); // not measured yet, or damaged: measure
        }
    }

    /// Measures now; takes about 0.2 s of CPU.
    public static double measure() {
        int[] table = new int[TABLE_WORDS];
        for (int i = 0; i < table.length; i++) table[i] = i * 0x9E3779B1;
        long start = cpuNs();
        long before = start;
        long best = Long.MAX_VALUE;
        int alike = 0;
        int sink = 0;
        while (before - start < BUDGET_NS || (alike < ALIKE && before - start < PATIENCE_NS)) {
            sink += round(table, sink);
            long now = cpuNs();
            long taken = now - before;
            before = now;
            if (taken < best * 0.98) alike = 0;
            else if (taken < best * 1.02) alike++;
            best = Math.min(best, taken);
        }
        if (sink == 42) Thread.onSpinWait(); // uses the result, so that no compiler drops the loop
        return (double) REFERENCE_NS / best;
    }

    private static int round(int[] table, int seed) {
        int x = seed | 1;
        for (int i = 0; i < ROUND_STEPS; i++) {
            x ^= x << 13;
            x ^= x >>> 17;
            x ^= x << 5;
            x += table[x & (TABLE_WORDS - 1)];
        }
        return x;
    }

    /// CPU time of this thread. Not /proc/thread-self/schedstat: while a thread runs, that moves only with the
    /// kernel's tick.
    private static long cpuNs() {
        return THREADS.getCurrentThreadCpuTime();
    }

    /// What the kernel calls this machine's CPU; all cores are taken for alike.
    static String model() throws IOException {
        try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name") || line.startsWith("CPU part"))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .orElse("unknown");
        }
    }
}
