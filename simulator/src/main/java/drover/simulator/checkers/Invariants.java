package drover.simulator.checkers;

import drover.model.JobId;
import drover.model.NodeId;
import drover.simulator.world.HomeBook;
import drover.simulator.world.Observer;
import drover.simulator.world.World;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// Never two copies of a job that can have effects, none lost, none ended twice, none moved more often than
/// allowed. What is broken is thrown at that moment, with the seed that repeats it.
public final class Invariants implements Observer {
    private final long seed;
    private final int movesMax;
    private final Map<JobId, String> running = new HashMap<>();
    private final Set<JobId> ended = new HashSet<>();
    private final Map<JobId, Integer> moves = new HashMap<>();
    private int copies;

    public Invariants(long seed, int movesMax) {
        this.seed = seed;
        this.movesMax = movesMax;
    }

    @Override
    public void runs(long nowNs, JobId job, int epoch, NodeId node) {
        copies++;
        String copy = node + " with epoch " + epoch;
        String other = running.put(job, copy);
        if (other != null) broken(nowNs, job + " runs on " + copy + " while it runs on " + other);
        if (ended.contains(job)) broken(nowNs, job + " runs on " + copy + " after its end was reported");
    }

    @Override
    public void stops(long nowNs, JobId job, int epoch, NodeId node, String why) {
        running.remove(job);
    }

    @Override
    public void moved(long nowNs, JobId job, NodeId from, NodeId to, int count, String why) {
        moves.merge(job, 1, Integer::sum);
        if (count > movesMax)
            broken(nowNs, job + " was moved for the " + count + ". time, " + movesMax + " are allowed");
    }

    @Override
    public void ended(long nowNs, JobId job, int reruns) {
        if (!ended.add(job)) broken(nowNs, job + " ended twice");
    }

    /// To be called when the world has run: all have ended.
    public void finish(World world) {
        for (HomeBook.Line line : world.jobs())
            if (!ended.contains(line.spec().job()))
                broken(world.timeline().nowNs(), line.spec().job() + " was lost");
    }

    /// Copies that were let run.
    public int copies() {
        return copies;
    }

    private void broken(long nowNs, String what) {
        throw new IllegalStateException(what + " (seed " + seed + ", at " + nowNs / 1e9 + " s)");
    }
}
