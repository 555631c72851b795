package drover.lab.command;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import drover.lab.experiments.Experiment;
import drover.lab.experiments.PovrayScene;
import drover.lab.experiments.Results;
import drover.lab.experiments.Row;
import drover.lab.experiments.RunSystem;
import drover.lab.namespaces.CpuShares;
import drover.lab.namespaces.Installation;
import drover.lab.namespaces.LabPlan;
import drover.lab.namespaces.LabSetup;
import drover.lab.namespaces.NodeLimits;
import drover.lab.namespaces.RootKind;
import drover.lab.scenarios.ClusterStart;
import drover.lab.scenarios.LabStart;
import drover.lab.scenarios.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "demo",
        description = "A cluster of 4 nodes on this machine renders a picture; takes at most 3 minutes.")
final class DemoCommand implements Callable<Integer> {
    private static final String LAB = "demo";
    private static final int NODES = 4;

    /// Four of these are one core: even a machine of two cores stays idle enough for the figures to mean something.
    private static final double CPU = 0.25;

    /// A demonstration on a machine that is busy with something else is slow, but it need not fail.
    private static final Duration CLUSTER_LIMIT = Duration.ofMinutes(6);

    @Option(names = "--out", paramLabel = "DIR", defaultValue = "drover-demo", description = "where the picture goes")
    Path out = Path.of("drover-demo");

    @Option(names = "--scale", defaultValue = "0.125", description = "of the picture: 1 is 960x960 pixels")
    double scale = 0.125;

    @Override
    public Integer call() throws IOException {
        LabSetup.requireRoot();
        PovrayScene scene = new PovrayScene(scale, NODES);
        List<RunSystem> systems = List.of(RunSystem.DROVER);
        Experiment.requirePrograms(scene, systems);
        Path directory = out.toAbsolutePath();
        Files.createDirectories(directory);
        Files.deleteIfExists(directory.resolve("samples.jsonl"));
        ObjectNode description = JsonNodeFactory.instance.objectNode();
        description.put("experiment", "demo").put("settings", scene.settings() + "; quota " + CPU);
        description.put("commit", Commit.current(Installation.find().image())).put("command", "drover demo");
        Results results = new Results(directory, description);
        results.begin();
        Progress progress = Progress.onStderr();
        progress.say("a lab of " + NODES + " nodes, each with a quarter of a core, will render " + scene.settings());
        LabPlan plan = new LabPlan(LAB, NODES, RootKind.OVERLAY, NodeLimits.USUAL.withCpu(CpuShares.each(CPU)));
        LabSetup.takeDown(LAB); // one that a killed demo left
        var experiment = new Experiment(scene, List.of(NODES), systems, 1, false, results, progress);
        new LabStart(plan, progress, it -> new ClusterStart(it, progress, CLUSTER_LIMIT).run()).during(experiment::run);
        Tables.print(results, System.out);
        Row together = results.rows(RunSystem.DROVER).getLast();
        System.out.printf(
                Locale.ROOT,
                "speed-up on %d nodes: %.2f over the same tiles on one node, %.2f over the whole picture on one node%n",
                NODES,
                together.speedup(results.oneNodeSeconds()),
                results.wholeSeconds().orElseThrow() / together.seconds());
        System.out.println("picture: " + directory.resolve("picture.png"));
        System.out.println("report:  " + directory.resolve("report.html"));
        return Tables.problems(results) ? 1 : 0;
    }
}
