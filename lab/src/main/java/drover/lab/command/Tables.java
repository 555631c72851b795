package drover.lab.command;

import drover.lab.experiments.Results;
import drover.lab.experiments.Row;
import drover.lab.experiments.RunSystem;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// An experiment's result for the terminal.
final class Tables {
    private Tables() {}

    static void print(Results results, PrintStream out) {
        List<Row> rows = new ArrayList<>(results.rows(RunSystem.WHOLE));
        rows.addAll(results.table());
        rows.addAll(results.peers());
        out.printf(
                "%-9s %5s %8s %8s %6s %8s %6s %8s %5s %8s%n",
                "SYSTEM", "NODES", "WALL s", "CPU s", "UTIL.", "SPEED-UP", "EFF.", "OUTSIDE", "LOST", "MB");
        for (Row row : rows)
            out.printf(
                    Locale.ROOT,
                    "%-9s %5d %8.1f %8.1f %6.3f %8.2f %6.3f %7.1fs %5d %8.1f%s%n",
                    row.system().word(),
                    row.nodes(),
                    row.seconds(),
                    row.cpuSeconds(),
                    row.utilisation(),
                    row.speedup(results.oneNodeSeconds()),
                    row.efficiency(results.oneNodeSeconds()),
                    row.daemonCpuSeconds(),
                    row.lost(),
                    row.bytesOnWire() / 1e6,
                    row.isVoid() ? "  void: less than 5 % of the machine was idle" : "");
    }

    /// Whether any result was missing or wrong.
    static boolean problems(Results results) {
        return results.samples().stream().anyMatch(sample -> !sample.problems().isEmpty());
    }
}
