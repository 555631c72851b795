package drover.lab.command;

import drover.lab.namespaces.Lab;
import drover.lab.namespaces.LabPlan;
import drover.lab.scenarios.ClusterStart;
import drover.lab.scenarios.LabStart;
import drover.lab.scenarios.Progress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "up", description = "Sets a lab up; returns when every node lists all others as up.")
final class UpCommand implements Callable<Integer> {
    @Mixin
    NameOption lab = new NameOption();

    @Mixin
    PlanOptions options = new PlanOptions();

    @Option(names = "--nodes", paramLabel = "N", required = true, description = "how many nodes: n1 to nN")
    int nodes;

    @Option(names = "--limit", paramLabel = "SECONDS", description = "how long the nodes may take to find each other")
    Integer limitSeconds;

    @Option(
            names = "--boot-command",
            hidden = true,
            description = "run this by sh in each node instead of making a cluster: for tests of the lab itself")
    String bootCommand;

    @Override
    public Integer call() {
        LabPlan plan = options.plan(lab.name, nodes);
        Progress progress = Progress.onStderr();
        new LabStart(plan, progress, it -> startCluster(it, progress)).run();
        progress.say("lab " + plan.name() + " is up: " + nodes + " nodes; try: drover lab exec n1 -- drover nodes"
                + (plan.name().equals(NameOption.DEFAULT)
                        ? ""
                        : " (each lab command with --name " + plan.name() + ")"));
        return 0;
    }

    private void startCluster(Lab started, Progress progress) {
        if (bootCommand == null) {
            Duration limit = limitSeconds == null ? ClusterStart.usualLimit(nodes) : Duration.ofSeconds(limitSeconds);
            new ClusterStart(started, progress, limit).run();
        } else if (!bootCommand.isEmpty()) {
            started.plan().nodeIds().forEach(node -> started.systemOf(node).launch(List.of("sh", "-c", bootCommand)));
        }
    }
}
