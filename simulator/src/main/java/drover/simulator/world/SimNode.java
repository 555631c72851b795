package drover.simulator.world;

import drover.model.JobId;
import drover.model.LoadVector;
import drover.model.NodeId;
import drover.policy.load.LoadFilter;
import drover.policy.load.LoadWindow;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/// A simulated node: its processor and memory, the copies on it, and what it knows of the others' loads.
public final class SimNode {
    private final World world;
    private final int index;
    private final NodeSpec spec;
    private final HomeBook book;
    private final TreeMap<JobId, Copy> copies = new TreeMap<>();
    private final Map<JobId, Long> arriving = new HashMap<>();
    private final Deque<Runnable> inbox = new ArrayDeque<>();
    private Processor processor;
    private LoadWindow window = new LoadWindow();
    private LoadFilter filter = LoadFilter.IDLE;
    private long sequence;
    private long incarnation = 1;
    private long plan; // number of the present plan for the next end
    private long usedBytes;
    private long arrivingBytes;
    private double otherTasks;
    private boolean up = true;
    private boolean paused;

    SimNode(World world, int index, NodeSpec spec) {
        this.world = world;
        this.index = index;
        this.spec = spec;
        book = new HomeBook(world, this);
        processor = new Processor(spec);
    }

    public int index() {
        return index;
    }

    public NodeSpec spec() {
        return spec;
    }

    public NodeId id() {
        return spec.node();
    }

    public HomeBook book() {
        return book;
    }

    public LoadWindow window() {
        return window;
    }

    public LoadFilter filter() {
        return filter;
    }

    public boolean isUp() {
        return up;
    }

    public boolean isPaused() {
        return paused;
    }

    /// Runnable tasks of this moment.
    public double tasks() {
        return processor.tasks() + otherTasks;
    }

    /// Memory that copies here use.
    public long usedBytes() {
        return usedBytes;
    }

    /// Memory promised to copies on their way here, and how many they are.
    public long arrivingBytes() {
        return arrivingBytes;
    }

    public int arrivingCopies() {
        return arriving.size();
    }

    public long freeBytes() {
        return Math.max(0, spec.memoryBytes() - usedBytes);
    }

    public Collection<Copy> copies() {
        return copies.values();
    }

    Copy copy(JobId job) {
        return copies.get(job);
    }

    /// Work a copy has done until now.
    public double done(Copy copy) {
        processor.settle(world.timeline().nowNs());
        return processor.done(copy);
    }

    /// Whether it runs, or only holds memory.
    public boolean runs(Copy copy) {
        return copy.state == Copy.State.RUNNING;
    }

    /// Whether a move of it was begun.
    public boolean isLeaving(Copy copy) {
        return copy.boundAway;
    }

    /// Work that guests have done here, in seconds of a core of speed 1.
    public double usedSeconds() {
        processor.settle(world.timeline().nowNs());
        return processor.usedSeconds();
    }

    /// Tasks of the node's owner, which share the processor and are no guests.
    public void otherTasks(double tasks) {
        processor.settle(world.timeline().nowNs());
        otherTasks = tasks;
        replan();
    }

    /// This node's vector with a load of the caller's choice: exported, local or that of this moment.
    public LoadVector vector(double load) {
        return new LoadVector(
                spec.speed(),
                spec.cpus(),
                load,
                spec.memoryBytes(),
                freeBytes(),
                -1,
                -1,
                copies.size(),
                sequence,
                incarnation);
    }

    /// One more second of the filters.
    LoadVector sample() {
        filter = filter.with(tasks());
        sequence++;
        return vector(filter.exported());
    }

    void receive(Runnable delivery) {
        if (!up) return;
        if (paused) inbox.add(delivery);
        else delivery.run();
    }

    void expect(JobId job, long bytes) {
        Long before = arriving.put(job, bytes);
        arrivingBytes += bytes - (before == null ? 0 : before);
    }

    void expectNoMore(JobId job) {
        Long bytes = arriving.remove(job);
        if (bytes != null) arrivingBytes -= bytes;
    }

    void put(Copy copy) {
        Copy former = copies.get(copy.spec.job());
        if (former != null) drop(former, "replaced");
        processor.settle(world.timeline().nowNs());
        copies.put(copy.spec.job(), copy);
        usedBytes += copy.spec.bytes();
        replan();
    }

    void run(Copy copy) {
        if (copy.state == Copy.State.RUNNING) return;
        processor.settle(world.timeline().nowNs());
        copy.state = Copy.State.RUNNING;
        processor.add(copy);
        world.observer().runs(world.timeline().nowNs(), copy.spec.job(), copy.epoch, id());
        replan();
    }

    void stop(Copy copy, Copy.State state, String why) {
        processor.settle(world.timeline().nowNs());
        if (copy.state == Copy.State.RUNNING) {
            processor.remove(copy);
            world.observer().stops(world.timeline().nowNs(), copy.spec.job(), copy.epoch, id(), why);
        }
        if (state == Copy.State.ENDED && copy.state != Copy.State.ENDED) usedBytes -= copy.spec.bytes();
        copy.state = state;
        replan();
    }

    void drop(Copy copy, String why) {
        if (copies.get(copy.spec.job()) != copy) return;
        stop(copy, Copy.State.ENDED, why);
        copies.remove(copy.spec.job());
    }

    /// Power off: what is in memory is lost, home's book is not.
    public void crash() {
        for (Copy copy : copies.values().toArray(Copy[]::new)) drop(copy, "crash");
        arriving.clear();
        arrivingBytes = 0;
        inbox.clear();
        up = false;
        paused = false;
        window = new LoadWindow();
        filter = LoadFilter.IDLE;
    }

    public void restart() {
        up = true;
        incarnation++;
        sequence = 0;
        book.afterRestart();
    }

    /// The daemon hangs; guests and keeper go on.
    public void pause() {
        if (up) paused = true;
    }

    public void resume() {
        paused = false;
        while (!inbox.isEmpty() && up && !paused) inbox.poll().run();
    }

    private void replan() {
        processor.share(otherTasks, usedBytes > spec.memoryBytes());
        long current = ++plan;
        if (processor.first() == null) return;
        world.timeline().at(Math.max(world.timeline().nowNs(), processor.firstEndsNs()), () -> {
            if (current == plan) end();
        });
    }

    private void end() {
        processor.settle(world.timeline().nowNs());
        Copy copy = processor.first();
        copy.doneSeconds = copy.spec.workSeconds();
        stop(copy, Copy.State.ENDED, "end");
        world.handoff().ended(this, copy);
    }
}
