package drover.simulator.world;

import drover.model.NodeId;
import drover.policy.balancing.BalancingDecision.Move;
import drover.policy.load.LoadEntry;
import drover.policy.load.LoadWindow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// A simulated cluster. The same arguments give the same run, to the last event.
public final class World {
    /// Entries of one message of load information: as many as fit 800 bytes, at 39 and a name of 5 each.
    public static final int ENTRIES = 17;
    /// Such a message, and what group, TLS and TCP/IP add to it.
    public static final int GOSSIP_BYTES = 2 + ENTRIES * 45 + 180;

    private final Timeline timeline = new Timeline();
    private final WorldSettings settings;
    private final Contender contender;
    private final Observer observer;
    private final List<SimNode> nodes = new ArrayList<>();
    private final Map<NodeId, SimNode> byName = new HashMap<>();
    private final Network network;
    private final Handoff handoff;
    private final RandomGenerator random;
    private final List<HomeBook.Line> lines = new ArrayList<>();
    private final List<Measured> measured = new ArrayList<>();
    private long gossipMessages;
    private int ended;

    /// What a move brought, beside what was expected.
    public record Measured(
            NodeId from, double stretchHere, double stretchThere, double workSeconds, double tookSeconds) {}

    public World(
            List<NodeSpec> specs,
            List<JobSpec> jobs,
            WorldSettings settings,
            Contender contender,
            Observer observer,
            long seed) {
        SplittableRandom root = new SplittableRandom(seed);
        random = root.split();
        this.settings = settings;
        this.contender = contender;
        this.observer = observer;
        network = new Network(timeline, root.split(), specs.size(), Timeline.nanos(settings.latencySeconds()));
        handoff = new Handoff(this);
        for (NodeSpec spec : specs) {
            SimNode node = new SimNode(this, nodes.size(), spec);
            nodes.add(node);
            byName.put(spec.node(), node);
            timeline.every((long) (random.nextDouble() * Timeline.SECOND), Timeline.SECOND, () -> second(node));
        }
        for (JobSpec job : jobs) {
            HomeBook.Line line = new HomeBook.Line(job);
            lines.add(line);
            timeline.at(job.arrivalNs(), () -> arrive(line));
        }
    }

    public Timeline timeline() {
        return timeline;
    }

    public Network network() {
        return network;
    }

    public List<SimNode> nodes() {
        return Collections.unmodifiableList(nodes);
    }

    public SimNode node(NodeId name) {
        return byName.get(name);
    }

    /// All jobs, in the order they were given.
    public List<HomeBook.Line> jobs() {
        return Collections.unmodifiableList(lines);
    }

    public List<Measured> measured() {
        return Collections.unmodifiableList(measured);
    }

    /// Messages of load information.
    public long gossipMessages() {
        return gossipMessages;
    }

    public WorldSettings settings() {
        return settings;
    }

    /// Whether a node counts another among the cluster. Deviation: a real one learns of a failure after some seconds.
    public boolean isMember(SimNode self, SimNode other) {
        return other.isUp() && network.connects(self, other);
    }

    /// For policies that draw.
    public RandomGenerator random() {
        return random;
    }

    public boolean allEnded() {
        return ended == lines.size();
    }

    /// Runs until all jobs have ended, or the time is over.
    public void run() {
        long until = Timeline.nanos(settings.untilSeconds());
        while (!allEnded() && timeline.step(until)) {}
    }

    /// Runs until a moment, whatever has ended by then.
    public void runUntil(double seconds) {
        while (timeline.step(Timeline.nanos(seconds))) {}
    }

    /// Tells observers of a fault.
    public void note(String fault) {
        observer.fault(timeline.nowNs(), fault);
    }

    /// Asks a target, and moves a guest there if it admits it.
    public void move(SimNode from, Copy copy, Move move, Admission admission) {
        var prediction = new Copy.Prediction(move.stretchHere(), move.stretchThere(), from.id());
        handoff.move(from, copy, byName.get(move.target()), admission, prediction, move.reason());
    }

    Contender contender() {
        return contender;
    }

    Observer observer() {
        return observer;
    }

    Handoff handoff() {
        return handoff;
    }

    SimNode home(JobSpec spec) {
        return byName.get(spec.job().home());
    }

    void ended(HomeBook.Line line) {
        ended++;
        observer.ended(timeline.nowNs(), line.spec.job(), line.reruns);
    }

    /// A guest that was moved has ended or left.
    void told(SimNode node, Copy copy, double workSeconds) {
        var before = copy.prediction;
        double work = workSeconds - copy.workAtArrival;
        double took = (timeline.nowNs() - copy.arrivedNs) / (double) Timeline.SECOND;
        measured.add(new Measured(before.from(), before.stretchHere(), before.stretchThere(), work, took));
        contender.measured(this, measured.getLast());
    }

    private void arrive(HomeBook.Line line) {
        SimNode home = home(line.spec);
        if (home.isUp() && !home.isPaused()) home.book().add(line);
        else timeline.after(Timeline.SECOND, () -> arrive(line)); // nobody can type there
    }

    private void second(SimNode node) {
        if (!node.isUp() || node.isPaused()) return;
        if (contender.gossips()) gossip(node);
        if (settings.leases()) handoff.pingAll(node);
        node.book().second();
        contender.second(this, node);
    }

    private void gossip(SimNode node) {
        long now = timeline.nowNs();
        LoadWindow window = node.window();
        window.offer(node.id(), node.sample(), Duration.ZERO, now);
        if (nodes.size() < 2) return;
        SequencedMap<NodeId, LoadEntry> entries = window.freshest(ENTRIES, now);
        int other = random.nextInt(nodes.size() - 1);
        SimNode to = nodes.get(other >= node.index() ? other + 1 : other);
        gossipMessages++;
        network.send(node, to, GOSSIP_BYTES, () -> {
            long then = timeline.nowNs();
            for (var entry : entries.entrySet())
                if (!entry.getKey().equals(to.id()))
                    to.window()
                            .offer(
                                    entry.getKey(),
                                    entry.getValue().vector(),
                                    entry.getValue().age().plusNanos(then - now),
                                    then);
        });
    }
}
