package drover.daemon;

import drover.daemon.config.DaemonConfig;
import drover.daemon.config.DaemonConfig.Places;
import drover.linux.procfs.CpuSpeed;
import drover.linux.procfs.GuestCgroup;
import drover.linux.procfs.LoadSample;
import drover.linux.procfs.LoadSampler;
import drover.model.LoadVector;
import drover.model.Openness;
import drover.policy.load.LastingTasks;
import drover.policy.load.LoadFilter;
import drover.policy.load.OwnerFirst;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/// This node's own load vector: measured once a second, filtered as policy says.
final class OwnLoad implements Supplier<LoadVector> {
    private final LoadSampler sampler;
    private final double speed;
    private final double configuredCpus;
    private final int guestWeight;
    private final long incarnation = System.currentTimeMillis() / 1000;
    private volatile IntSupplier guests = () -> 0;
    private volatile Supplier<Openness> openness = () -> Openness.OPEN;
    private volatile double cpuDemand;
    private LoadFilter everybody = LoadFilter.IDLE;
    private final LastingTasks lasting = new LastingTasks();
    private OwnerFirst owner = OwnerFirst.IDLE;
    private long sequence;

    private OwnLoad(LoadSampler sampler, double speed, DaemonConfig config) {
        this.sampler = sampler;
        this.speed = speed;
        this.configuredCpus = config.guestCpus();
        this.guestWeight = config.guestWeight();
    }

    static OwnLoad of(DaemonConfig config, Places places) throws IOException {
        Path proc = Path.of("/proc");
        Path mounts = Path.of("/sys/fs/cgroup");
        Supplier<GuestCgroup> cgroups = config.guestCgroup().isEmpty()
                ? () -> GuestCgroup.ofOwn(proc, mounts)
                : () -> GuestCgroup.find(mounts, config.guestCgroup());
        double speed = CpuSpeed.keptOrMeasured(places.state().resolve("speed"));
        return new OwnLoad(new LoadSampler(proc, cgroups), speed, config);
    }

    /// Says who counts the guests.
    void countGuests(IntSupplier count) {
        guests = count;
    }

    /// Says who knows whether this node takes guests.
    void askOpenness(Supplier<Openness> asked) {
        openness = asked;
    }

    /// Runnable tasks for each processor that guests may use, when this was last looked at.
    double cpuDemand() {
        return cpuDemand;
    }

    @Override
    public synchronized LoadVector get() {
        try {
            int present = guests.getAsInt();
            LoadSample sample = sampler.sample(present > 0);
            double cpus = configuredCpus > 0 ? configuredCpus : sample.cpus();
            everybody = everybody.with(sample.guestTasks() + sample.otherTasks());
            owner = owner.with(sample.guestTasks(), sample.otherTasks(), cpus, guestWeight);
            cpuDemand = everybody.exported() / cpus;
            return new LoadVector(
                    speed,
                    cpus,
                    Math.max(everybody.exported(), owner.exported(sample.guestTasks())),
                    owner.settled(lasting.with(sample.guestTasks())),
                    sample.memoryTotalBytes(),
                    sample.memoryFreeBytes(),
                    sample.cpuPressure(),
                    sample.memoryPressure(),
                    present,
                    openness.get(),
                    ++sequence,
                    incarnation);
        } catch (IOException e) {
            throw new UncheckedIOException("the load cannot be read", e);
        }
    }
}
