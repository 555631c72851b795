package drover.simulator.workload;

import drover.model.JobId;
import drover.model.NodeId;
import drover.simulator.world.JobSpec;
import drover.simulator.world.NodeSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// A cluster and its jobs, drawn from a seed. What the source says is in facts/01 (slowdown, equal shares, a tenth
/// when thrashing, job = cycles + memory); where it is silent, the model is this:
///
/// Six machines of three kinds, three of speed 1 with 4 GiB, two of 0.66 with 2 GiB, one of 0.45 with 1.5 GiB, on
/// a network of 1 Gbit/s. Jobs arrive in a Poisson stream for 1,000 s, each at a random home, so that their work
/// is `load` of what the machines can do. Work is heavy-tailed, P(W > w) = 2 s / w up to 1,000 s (Harchol-Balter
/// and Downey). Nine of ten jobs use 1 to 5 % of the largest memory, one of ten 5 to 50 %, evenly drawn in the
/// logarithm; a job says with `--mem` what it uses, and uses it from its start.
///
/// @param load work that arrives over work that can be done
public record Scenario(long seed, double load, List<NodeSpec> nodes, List<JobSpec> jobs) {
    private static final long GIB = 1L << 30;
    private static final double ARRIVALS_SECONDS = 1000;
    private static final double LEAST_WORK = 2;
    private static final double MOST_WORK = 1000;
    private static final double GIGABIT = 125e6;

    public Scenario {
        nodes = List.copyOf(nodes);
        jobs = List.copyOf(jobs);
    }

    /// The published comparison's.
    public static Scenario published(long seed, double load) {
        List<NodeSpec> nodes = new ArrayList<>();
        double[] speeds = {1, 1, 1, 0.66, 0.66, 0.45};
        double[] gib = {4, 4, 4, 2, 2, 1.5};
        double power = 0;
        for (int i = 0; i < speeds.length; i++) {
            nodes.add(new NodeSpec(new NodeId("n" + (i + 1)), speeds[i], 1, (long) (gib[i] * GIB), GIGABIT));
            power += speeds[i];
        }
        return new Scenario(seed, load, nodes, jobs(new SplittableRandom(seed), nodes, load * power));
    }

    private static List<JobSpec> jobs(SplittableRandom random, List<NodeSpec> nodes, double workPerSecond) {
        double rate = workPerSecond / (LEAST_WORK * (1 + Math.log(MOST_WORK / LEAST_WORK)));
        List<JobSpec> jobs = new ArrayList<>();
        double at = 0;
        while ((at += -Math.log(1 - random.nextDouble()) / rate) < ARRIVALS_SECONDS) {
            NodeId home = nodes.get(random.nextInt(nodes.size())).node();
            double work = Math.min(MOST_WORK, LEAST_WORK / (1 - random.nextDouble()));
            double share = random.nextInt(10) > 0 ? between(random, 0.01, 0.05) : between(random, 0.05, 0.5);
            jobs.add(new JobSpec(
                    new JobId(home, jobs.size() + 1L), (long) (at * 1e9), work, (long) (share * 4 * GIB), true));
        }
        return jobs;
    }

    private static double between(SplittableRandom random, double least, double most) {
        return least * Math.pow(most / least, random.nextDouble());
    }
}
