package drover.simulator.experiments;

import drover.model.JobId;
import drover.model.NodeId;
import drover.policy.load.WindowAge;
import drover.simulator.contenders.Kind;
import drover.simulator.world.JobSpec;
import drover.simulator.world.NodeSpec;
import drover.simulator.world.Observer;
import drover.simulator.world.SimNode;
import drover.simulator.world.World;
import drover.simulator.world.WorldSettings;
import java.util.ArrayList;
import java.util.List;

/// As many jobs as nodes, all started on one node at one moment: how they spread, and what gossip costs.
public final class Spread {
    private static final double WARM_UP_SECONDS = 60;
    private static final double WORK_SECONDS = 120;
    private static final long GIB = 1L << 30;

    /// The state at a moment after the start.
    ///
    /// @param started jobs that run or have ended
    /// @param busy nodes with at least one runnable guest
    public record Moment(double seconds, int started, int busy) {}

    /// What was measured with one number of nodes.
    ///
    /// @param startedSeconds until 99 of 100 jobs had been given to a node; -1: not within the time
    /// @param spreadSeconds until 90 of 100 nodes had something to do; -1: never
    /// @param takesSeconds until all had ended; perfect would be the work of one
    /// @param ageSeconds mean age of the entries of a window; those the formula gives beside it
    public record Result(
            int nodes,
            double startedSeconds,
            double spreadSeconds,
            double takesSeconds,
            double movesPerJob,
            double messagesPerSecond,
            double bytesPerSecond,
            double knownNodes,
            double ageSeconds,
            double ageFormula,
            double oldestSeconds,
            double oldestFormula,
            List<Moment> moments) {}

    private Spread() {}

    public static Result run(long seed, int nodes) {
        List<NodeSpec> specs = new ArrayList<>();
        for (int i = 0; i < nodes; i++) specs.add(new NodeSpec(new NodeId("n" + (i + 1)), 1, 1, 4 * GIB, 125e6));
        List<JobSpec> jobs = new ArrayList<>();
        for (int i = 0; i < nodes; i++)
            jobs.add(new JobSpec(
                    new JobId(specs.getFirst().node(), i + 1L),
                    (long) (WARM_UP_SECONDS * 1e9),
                    WORK_SECONDS,
                    64L << 20,
                    false));
        var settings = WorldSettings.faultless(WARM_UP_SECONDS + 20 * WORK_SECONDS);
        World world = new World(specs, jobs, settings, Kind.DROVER.make(), new Observer() {}, seed);
        world.runUntil(WARM_UP_SECONDS - 1e-3);
        double[] ages = ages(world);
        double messages = world.gossipMessages() / (WARM_UP_SECONDS * nodes);
        List<Moment> moments = new ArrayList<>();
        double started = -1;
        double spread = -1;
        for (double seconds = 1; !world.allEnded() && seconds < settings.untilSeconds(); seconds++) {
            world.runUntil(WARM_UP_SECONDS + seconds);
            Moment moment = moment(world, seconds);
            moments.add(moment);
            if (started < 0 && moment.started() >= 0.99 * nodes) started = seconds;
            if (spread < 0 && moment.busy() >= 0.9 * nodes) spread = seconds;
        }
        double last =
                world.jobs().stream().mapToLong(line -> line.endedNs()).max().orElse(0) / 1e9;
        return new Result(
                nodes,
                started,
                spread,
                world.allEnded() ? last - WARM_UP_SECONDS : -1,
                world.jobs().stream().mapToInt(line -> line.moves()).average().orElse(0),
                messages,
                messages * World.GOSSIP_BYTES,
                ages[0],
                ages[1],
                WindowAge.average(nodes, World.ENTRIES),
                ages[2],
                WindowAge.maximum(nodes, World.ENTRIES),
                moments);
    }

    private static Moment moment(World world, double seconds) {
        int started = 0;
        for (var line : world.jobs()) if (line.node() != null) started++;
        int busy = 0;
        for (SimNode node : world.nodes()) if (node.tasks() > 0) busy++;
        return new Moment(seconds, started, busy);
    }

    /// Known nodes, mean age and age of the oldest, as means over (at most a hundred) nodes.
    public static double[] ages(World world) {
        double known = 0;
        double age = 0;
        double oldest = 0;
        int step = Math.max(1, world.nodes().size() / 100);
        int looked = 0;
        for (int i = 0; i < world.nodes().size(); i += step, looked++) {
            var entries =
                    world.nodes().get(i).window().view(world.timeline().nowNs()).values();
            known += entries.size();
            age += entries.stream()
                            .mapToLong(each -> each.age().toNanos())
                            .average()
                            .orElse(0)
                    / 1e9;
            oldest += entries.stream()
                            .mapToLong(each -> each.age().toNanos())
                            .max()
                            .orElse(0)
                    / 1e9;
        }
        return new double[] {known / looked, age / looked, oldest / looked};
    }
}
