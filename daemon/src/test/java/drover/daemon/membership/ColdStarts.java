package drover.daemon.membership;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/// Measures cold starts: NODES STARTS SEEDS [IDLE_SECONDS]. Prints, for each start, the time from the first
/// process started to all members seeing all, and the CPU time used until then. No test: run it by hand.
final class ColdStarts {
    private ColdStarts() {}

    public static void main(String[] args) throws Exception {
        int count = Integer.parseInt(args[0]);
        int starts = Integer.parseInt(args[1]);
        int seeds = Integer.parseInt(args[2]);
        int idleSeconds = args.length > 3 ? Integer.parseInt(args[3]) : 0;
        Path dir = Files.createTempDirectory("cold-starts");
        System.out.println("logs in " + dir);
        try (GroupOfProcesses group = new GroupOfProcesses(dir, 77, count, seeds)) {
            for (int i = 1; i <= starts; i++) {
                group.forgetPeers(seeds);
                long start = System.nanoTime();
                group.startAll();
                long startedMs = group.await(
                        "all started",
                        Duration.ofMinutes(2),
                        () -> group.nodes.stream()
                                .allMatch(node -> node.lines.stream().anyMatch(line -> line.endsWith("] started"))));
                group.awaitAllSee(count, Duration.ofMinutes(1));
                System.out.printf(
                        "start %d: processes up %d ms, converged %d ms, %.2f CPU s%n",
                        i, startedMs, (System.nanoTime() - start) / 1_000_000, cpuSeconds(group));
                if (idleSeconds > 0) idle(group, idleSeconds);
                group.killAll();
            }
        }
    }

    private static double cpuSeconds(GroupOfProcesses group) throws Exception {
        double sum = 0;
        for (GroupOfProcesses.Node node : group.nodes) {
            String stat = Files.readString(Path.of("/proc", Long.toString(node.process.pid()), "stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            sum += (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
        }
        return sum;
    }

    private static void idle(GroupOfProcesses group, int seconds) throws Exception {
        for (int part = 1; part <= 4; part++) {
            double before = cpuSeconds(group);
            Thread.sleep(seconds * 1000L / 4);
            double used = cpuSeconds(group) - before;
            System.out.printf(
                    "idle: %.2f %% of a core for each node after %d s, PSS %s%n",
                    100 * used / (seconds / 4.0) / group.nodes.size(), part * seconds / 4, pssMegabytes(group));
        }
    }

    private static String pssMegabytes(GroupOfProcesses group) throws Exception {
        StringBuilder text = new StringBuilder();
        for (GroupOfProcesses.Node node : group.nodes.subList(0, Math.min(4, group.nodes.size())))
            for (String line : Files.readAllLines(Path.of("/proc", Long.toString(node.process.pid()), "smaps_rollup")))
                if (line.startsWith("Pss:"))
                    text.append(Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                            .append(' ');
        return text + "MB";
    }
}
