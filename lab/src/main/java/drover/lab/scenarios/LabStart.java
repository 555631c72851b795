package drover.lab.scenarios;

import drover.lab.namespaces.Installation;
import drover.lab.namespaces.Lab;
import drover.lab.namespaces.LabPlan;
import drover.lab.namespaces.LabSetup;
import drover.model.NodeId;
import java.util.List;
import java.util.function.Consumer;

/// Sets a whole lab up. If it fails, or is interrupted, it takes down what it had begun.
public final class LabStart {
    private LabStart() {}

    /// Boots every node, then starts what runs in them.
    ///
    /// @param cluster what is started in the booted nodes
    public static Lab run(LabPlan plan, Installation installation, Progress progress, Consumer<Lab> cluster) {
        Thread undo = new Thread(() -> LabSetup.takeDown(plan.name()), "undo");
        Lab lab = LabSetup.begin(plan, installation);
        Runtime.getRuntime().addShutdownHook(undo);
        boolean complete = false;
        try {
            List<NodeId> nodes = plan.nodeIds();
            for (NodeId node : nodes) {
                progress.at("nodes booting", plan.numberOf(node) - 1, nodes.size());
                lab.boot(node);
            }
            progress.at("nodes booted", nodes.size(), nodes.size());
            cluster.accept(lab);
            LabSetup.finished(lab);
            complete = true;
        } finally {
            progress.clear();
            if (!complete) LabSetup.takeDown(plan.name());
            removeHook(undo);
        }
        return lab;
    }

    private static void removeHook(Thread undo) {
        try {
            Runtime.getRuntime().removeShutdownHook(undo);
        } catch (IllegalStateException e) {
            // The machine is telling us to go: the hook is running already.
            return;
        }
    }
}
