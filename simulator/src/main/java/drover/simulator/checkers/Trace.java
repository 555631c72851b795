package drover.simulator.checkers;

import drover.model.JobId;
import drover.model.NodeId;
import drover.simulator.world.Observer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// All that happened, one line for each event.
public final class Trace implements Observer {
    private final List<String> lines = new ArrayList<>();
    private final Observer next;

    /// An empty trace.
    ///
    /// @param next hears of everything, too
    public Trace(Observer next) {
        this.next = next;
    }

    public List<String> lines() {
        return Collections.unmodifiableList(lines);
    }

    @Override
    public void runs(long nowNs, JobId job, int epoch, NodeId node) {
        lines.add(nowNs + " runs " + job + " #" + epoch + " on " + node);
        next.runs(nowNs, job, epoch, node);
    }

    @Override
    public void stops(long nowNs, JobId job, int epoch, NodeId node, String why) {
        lines.add(nowNs + " stops " + job + " #" + epoch + " on " + node + ": " + why);
        next.stops(nowNs, job, epoch, node, why);
    }

    @Override
    public void moved(long nowNs, JobId job, NodeId from, NodeId to, int moves, String why) {
        lines.add(nowNs + " moved " + job + " from " + from + " to " + to + ": " + why);
        next.moved(nowNs, job, from, to, moves, why);
    }

    @Override
    public void ended(long nowNs, JobId job, int reruns) {
        lines.add(nowNs + " ended " + job + " after " + reruns + " reruns");
        next.ended(nowNs, job, reruns);
    }

    @Override
    public void fault(long nowNs, String what) {
        lines.add(nowNs + " fault: " + what);
        next.fault(nowNs, what);
    }
}
