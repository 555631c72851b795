package drover.lab.experiments;

import drover.lab.namespaces.Lab;
import drover.lab.namespaces.LabException;
import drover.lab.scenarios.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// One experiment: for every repetition and every number of nodes each system runs once, one after the other,
/// so that what changes on the machine meanwhile meets all alike. What they are compared with, on one node, runs
/// once in all: it takes longest, and nothing disturbs it.
public final class Experiment {
    private final Workload workload;
    private final List<Integer> nodeCounts;
    private final List<RunSystem> systems;
    private final int repeats;
    private final boolean warm;
    private final Results results;
    private final Progress progress;

    private record Step(RunSystem system, int nodes, int repeat) {}

    /// Plans the runs.
    ///
    /// @param systems those to measure on each number of nodes; one node is always the plain shell
    /// @param warm whether each system works once on all nodes of the lab before it is measured, since programs
    ///     that have just started are slower than they ever are again
    public Experiment(
            Workload workload,
            List<Integer> nodeCounts,
            List<RunSystem> systems,
            int repeats,
            boolean warm,
            Results results,
            Progress progress) {
        if (repeats < 1) throw new IllegalArgumentException("an experiment is run at least once, got " + repeats);
        this.workload = workload;
        this.nodeCounts = nodeCounts.stream().distinct().sorted().toList();
        this.systems = List.copyOf(systems);
        this.repeats = repeats;
        this.warm = warm;
        this.results = results;
        this.progress = progress;
    }

    /// Fails with the packages to install if something is missing on this machine.
    public static void requirePrograms(Workload workload, List<RunSystem> systems) {
        List<Workload.Requirement> needed = new ArrayList<>(workload.requirements());
        if (systems.contains(RunSystem.PARALLEL)) needed.addAll(PeerSsh.requirements());
        List<String> packages = needed.stream()
                .filter(each -> !Files.exists(each.path()))
                .map(Workload.Requirement::debianPackage)
                .distinct()
                .toList();
        if (!packages.isEmpty())
            throw new LabException(
                    "the experiment " + workload.name() + " needs programs that are not installed; install"
                            + " them with: apt install " + String.join(" ", packages));
        Plots.require(Plots::measureText);
    }

    /// Makes the runs that are missing, and writes the results after each.
    public void run(Lab lab) {
        try {
            Runner runner = new Runner(lab, workload, progress, results.directory());
            List<Step> missing = steps().stream()
                    .filter(step -> !results.has(step.system, step.nodes, step.repeat))
                    .toList();
            int done = 0;
            Set<RunSystem> cold = EnumSet.noneOf(RunSystem.class);
            if (warm) cold.addAll(systems);
            for (Step step : missing) {
                if (cold.remove(step.system))
                    progress.say("not counted: "
                            + line(runner.run(step.system, lab.plan().nodes(), 0)));
                Sample sample = runner.run(step.system, step.nodes, step.repeat);
                results.add(sample);
                progress.say("run " + ++done + " of " + missing.size() + ": " + line(sample));
            }
            results.write();
            new Report(results, new Plots(results).write()).write();
        } catch (IOException e) {
            throw new LabException("the experiment stopped: " + e.getMessage(), e);
        }
    }

    private List<Step> steps() {
        List<Step> steps = new ArrayList<>();
        for (int repeat = 1; repeat <= repeats; repeat++) {
            if (repeat == 1 && workload.whole().isPresent()) steps.add(new Step(RunSystem.WHOLE, 1, repeat));
            if (repeat == 1) steps.add(new Step(RunSystem.SHELL, 1, repeat));
            for (int nodes : nodeCounts)
                for (RunSystem system : systems) if (nodes > 1) steps.add(new Step(system, nodes, repeat));
        }
        return steps;
    }

    private static String line(Sample sample) {
        return String.format(
                Locale.ROOT,
                "%-8s %2d nodes  %7.1f s  %7.1f CPU s  utilisation %.3f  outside %.1f s  idle %.0f %%%s%s",
                sample.system().word(),
                sample.nodes(),
                sample.seconds(),
                sample.cpuSeconds(),
                sample.utilisation(),
                sample.daemonCpuSeconds(),
                sample.machineIdle() * 100,
                sample.isVoid() ? "  VOID: the machine was busy" : "",
                sample.problems().isEmpty() ? "" : "\n  " + String.join("\n  ", sample.problems()));
    }
}
