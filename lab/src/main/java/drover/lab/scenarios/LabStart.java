package drover.lab.scenarios;

import drover.lab.namespaces.Installation;
import drover.lab.namespaces.Lab;
import drover.lab.namespaces.LabPlan;
import drover.lab.namespaces.LabSetup;
import drover.model.NodeId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Sets a whole lab up. What fails or is interrupted on the way (also by ^C) is taken down again.
public final class LabStart {
    /// Booting one node, the longest step that an interrupt does not end, takes a second on a busy machine.
    private static final Duration STEP_LIMIT = Duration.ofSeconds(15);

    private final LabPlan plan;
    private final Progress progress;
    private final Consumer<Lab> cluster;

    /// Prepares to start; nothing happens before [#run] or [#during].
    ///
    /// @param cluster what is started in the booted nodes
    public LabStart(LabPlan plan, Progress progress, Consumer<Lab> cluster) {
        this.plan = plan;
        this.progress = progress;
        this.cluster = cluster;
    }

    /// Sets the lab up and leaves it up.
    public void run() {
        untilTheEnd(false, _ -> {});
    }

    /// Sets the lab up, does the work, and takes the lab down whatever happens.
    public void during(Consumer<Lab> work) {
        untilTheEnd(true, work);
    }

    private void untilTheEnd(boolean takeDown, Consumer<Lab> work) {
        Lab lab = LabSetup.begin(plan, Installation.find());
        CountDownLatch ended = new CountDownLatch(1);
        Thread undo = undo(Thread.currentThread(), ended);
        Runtime.getRuntime().addShutdownHook(undo);
        boolean keep = false;
        try {
            boot(lab);
            cluster.accept(lab);
            LabSetup.finished(lab);
            work.accept(lab);
            keep = !takeDown;
        } finally {
            progress.clear();
            boolean interrupted = Thread.interrupted(); // what is begun to be taken down is taken down
            try {
                if (!keep) LabSetup.takeDown(plan.name());
            } finally {
                ended.countDown();
                removeHook(undo);
                if (interrupted) Thread.currentThread().interrupt();
            }
        }
    }

    private void boot(Lab lab) {
        List<NodeId> nodes = plan.nodeIds();
        for (NodeId node : nodes) {
            progress.at("nodes booting", plan.numberOf(node) - 1, nodes.size());
            lab.boot(node);
        }
        progress.at("nodes booted", nodes.size(), nodes.size());
    }

    /// First the starter ends: otherwise it would boot the next node while this one is taken down.
    private Thread undo(Thread starter, CountDownLatch ended) {
        return new Thread(
                () -> {
                    try {
                        starter.interrupt();
                        if (!ended.await(STEP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) LabSetup.takeDown(plan.name());
                    } catch (InterruptedException e) {
                        LabSetup.takeDown(plan.name());
                    }
                },
                "undo");
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
