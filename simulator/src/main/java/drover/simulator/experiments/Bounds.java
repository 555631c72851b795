package drover.simulator.experiments;

import drover.simulator.workload.Scenario;
import drover.simulator.world.JobSpec;
import drover.simulator.world.NodeSpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/// What no scheduler can beat, and what perfect sharing would reach.
final class Bounds {
    private Bounds() {}

    /// A lower bound of the mean slowdown, for any scheduler that knows all jobs beforehand, may stop and move them
    /// at no cost, and has memory without end.
    ///
    /// All machines together are one machine of their summed speed `S`. With weights 1/p, a job of work p ends no
    /// earlier than its mean busy time M and half its own work at the best speed; the sum of w M is least when the
    /// job with the greatest w/p, the smallest, always comes first (Goemans et al., SIAM J. Discrete Math. 15(2),
    /// 2002, for one machine; the argument holds for machines that one of their summed speed can imitate).
    static double clairvoyant(Scenario scenario) {
        double total = scenario.nodes().stream().mapToDouble(NodeSpec::speed).sum();
        double best = bestSpeed(scenario);
        List<JobSpec> jobs = scenario.jobs();
        double[] left = new double[jobs.size()];
        double[] busy = new double[jobs.size()]; // work done, each times its moment
        PriorityQueue<Integer> open =
                new PriorityQueue<>(Comparator.comparingDouble(i -> jobs.get(i).workSeconds()));
        double now = 0;
        for (int next = 0; next < jobs.size() || !open.isEmpty(); ) {
            double until = next < jobs.size() ? jobs.get(next).arrivalNs() / 1e9 : Double.POSITIVE_INFINITY;
            while (!open.isEmpty() && now < until) {
                int first = open.element();
                double takes = Math.min(left[first] / total, until - now);
                busy[first] += takes * total * (now + takes / 2);
                left[first] -= takes * total;
                now += takes;
                if (left[first] <= 1e-9) open.remove();
            }
            if (next == jobs.size()) continue;
            now = Math.max(now, until);
            left[next] = jobs.get(next).workSeconds();
            open.add(next++);
        }
        double sum = 0;
        for (int i = 0; i < busy.length; i++) {
            double work = jobs.get(i).workSeconds();
            sum += (busy[i] / work - jobs.get(i).arrivalNs() / 1e9) / (work / best) + 0.5;
        }
        return Math.max(1, sum / busy.length);
    }

    /// The mean slowdown if at each moment all jobs shared the fastest machines evenly: balancing that is perfect
    /// and free, memory without end, but no knowledge of how long jobs are. No bound: a scheduler that prefers
    /// short jobs is better.
    static double evenSharing(Scenario scenario) {
        double[] speeds = scenario.nodes().stream()
                .mapToDouble(node -> -node.speed())
                .sorted()
                .map(speed -> -speed)
                .toArray();
        List<JobSpec> jobs = scenario.jobs();
        PriorityQueue<double[]> open = new PriorityQueue<>(Comparator.comparingDouble(each -> each[0]));
        double each = 0;
        double now = 0;
        List<Double> slowdowns = new ArrayList<>();
        for (int next = 0; next < jobs.size() || !open.isEmpty(); ) {
            double until = next < jobs.size() ? jobs.get(next).arrivalNs() / 1e9 : Double.POSITIVE_INFINITY;
            while (!open.isEmpty() && now < until) {
                double power = 0;
                for (int i = 0; i < Math.min(speeds.length, open.size()); i++) power += speeds[i];
                double rate = power / open.size();
                double takes = Math.min((open.element()[0] - each) / rate, until - now);
                each += takes * rate;
                now += takes;
                while (!open.isEmpty() && open.element()[0] <= each + 1e-9) {
                    double[] job = open.remove();
                    slowdowns.add((now - job[1]) / (job[2] / bestSpeed(scenario)));
                }
            }
            if (next == jobs.size()) continue;
            now = Math.max(now, until);
            double work = jobs.get(next).workSeconds();
            open.add(new double[] {each + work, until, work});
            next++;
        }
        return slowdowns.stream().mapToDouble(Double::doubleValue).average().orElse(1);
    }

    static double bestSpeed(Scenario scenario) {
        return scenario.nodes().stream().mapToDouble(NodeSpec::speed).max().orElseThrow();
    }
}
