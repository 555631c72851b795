package drover.homefs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Figures of the file view over an in-memory link, as ratios to the same work on home's own files in the same
/// run. No test: run its main as root.
final class FilesBench {
    private FilesBench() {}

    private static Map<String, Double> figures(TwoNodes nodes, Path work, Path script, Path on) {
        Map<String, Double> figures = new LinkedHashMap<>();
        TwoNodes.Result result = nodes.run(work, List.of("/usr/bin/python3", script.toString(), on.toString(), "read"));
        for (String line : result.output().lines().toList()) {
            int space = line.indexOf(' ');
            if (space > 0 && result.status() == 0)
                figures.put(line.substring(0, space), Double.parseDouble(line.substring(space + 1)));
            else System.out.println(line);
        }
        return figures;
    }

    public static void main(String[] arguments) throws IOException {
        try (TwoNodes nodes = new TwoNodes()) {
            Path work = Files.createTempDirectory("drover-bench");
            Path script = work.resolve("bench.py");
            try (var source = FilesBench.class.getResourceAsStream("bench.py")) {
                Files.copy(source, script);
            }
            // makes the files
            nodes.run(work, List.of("/usr/bin/python3", script.toString(), work.toString()));
            for (int turn = 1; turn <= 3; turn++) {
                Map<String, Double> home = figures(nodes, work, script, work);
                nodes.sides.get(0).mount.beginJob();
                long calls = nodes.sides.get(0).mount.counters().calls();
                Map<String, Double> node = figures(nodes, work, script, nodes.on(0, work));
                calls = nodes.sides.get(0).mount.counters().calls() - calls;
                System.out.println("turn " + turn + ": " + calls + " calls");
                node.forEach((name, value) -> System.out.printf(
                        "  %-16s %10.1f  native %10.1f  ratio %.2f%n",
                        name, value, home.get(name), value / home.get(name)));
            }
            for (int turn = 0; turn < 5; turn++) {
                nodes.sides.get(0).mount.beginJob();
                long calls = nodes.sides.get(0).mount.counters().calls();
                long start = System.nanoTime();
                nodes.sh(work, "chroot $ROOT_A /bin/true");
                double viaMount = (System.nanoTime() - start) / 1e6;
                start = System.nanoTime();
                nodes.sh(work, "chroot / /bin/true");
                System.out.printf(
                        "exec of true: %.1f ms more than native, %d calls%n",
                        viaMount - (System.nanoTime() - start) / 1e6,
                        nodes.sides.get(0).mount.counters().calls() - calls);
            }
            nodes.run(work, List.of("rm", "-rf", work.toString()));
        }
    }
}
