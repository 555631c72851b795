package drover.simulator.faults;

import drover.simulator.faults.Fault.Crash;
import drover.simulator.faults.Fault.Delay;
import drover.simulator.faults.Fault.Loss;
import drover.simulator.faults.Fault.Partition;
import drover.simulator.faults.Fault.Pause;
import drover.simulator.world.World;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// The faults of one run. Afterwards the cluster is whole again, so that what was not lost can end.
public record FaultPlan(List<Fault> faults) {
    private static final double SHORTEST_SECONDS = 0.2;
    private static final double LONGEST_SECONDS = 60; // several leases

    public FaultPlan {
        faults = List.copyOf(faults);
    }

    /// Draws this many, all kinds as likely, until `untilSeconds`; they overlap.
    public static FaultPlan draw(long seed, int nodes, int count, double untilSeconds) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Fault> faults = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            double begins = random.nextDouble() * untilSeconds;
            double ends = begins + SHORTEST_SECONDS * Math.pow(LONGEST_SECONDS / SHORTEST_SECONDS, random.nextDouble());
            faults.add(
                    switch (random.nextInt(5)) {
                        case 0 -> new Crash(random.nextInt(nodes), begins, ends);
                        case 1 -> new Pause(random.nextInt(nodes), begins, ends);
                        case 2 -> new Partition(some(random, nodes), begins, ends);
                        case 3 -> new Loss(0.5 * random.nextDouble(), begins, ends);
                        default -> new Delay(5 * random.nextDouble(), begins, ends);
                    });
        }
        return new FaultPlan(faults);
    }

    public void apply(World world) {
        faults.forEach(fault -> fault.plan(world));
    }

    private static List<Integer> some(SplittableRandom random, int nodes) {
        return IntStream.range(0, nodes)
                .filter(_ -> random.nextBoolean())
                .boxed()
                .toList();
    }
}
