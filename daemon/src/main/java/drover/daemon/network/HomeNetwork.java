package drover.daemon.network;

import drover.daemon.control.JobNetwork;
import drover.daemon.loop.Loop;
import drover.homefs.server.EffectListener;
import drover.linux.network.TunDevice;
import drover.model.AddressRange;
import drover.model.ExitStatus;
import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.protocol.job.GuestNetwork;
import drover.protocol.job.JobMessage;
import drover.protocol.job.JobMessage.GuestFailed;
import drover.protocol.job.PacketFrame;
import drover.protocol.link.LinkHub;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Home's part of its jobs' network: takes packets from the nodes of its guests and has home's kernel forward
/// them, and the other way round; from one guest to another without the kernel. Home alone says what may
/// pass: a packet counts only if it comes from the node where the guest's present run is, under that run's
/// epoch, and with that job's address.
///
/// Rules and device are there from the first job that needs them to a while after the last one. Public
/// methods may be called from any thread.
public final class HomeNetwork implements JobNetwork, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HomeNetwork.class);
    /// Between short jobs, one after the other, nothing is removed and made again.
    private static final Duration LINGER = Duration.ofSeconds(5);
    /// A node that takes no packets after this time never will: its release knows of none.
    private static final Duration LINK_PATIENCE = Duration.ofSeconds(10);

    /// The pump waits for nobody.
    private static final Duration PUMP_PATIENCE = Duration.ofSeconds(5);

    private static final Path RESOLV_CONF = Path.of("/etc/resolv.conf");

    private record Waiting(NodeId node, GuestKey guest, Runnable task, Predicate<String> goesWithout, long untilNanos) {
        Waiting until(long nanos) {
            return new Waiting(node, guest, task, goesWithout, nanos);
        }
    }

    private final AddressRange range;
    private final EffectListener effects;
    private final JobAddresses addresses;
    private final ForwardingRules rules;
    private final PacketPump pump;
    private final PacketCarrier carrier;
    private final Loop loop = new Loop("home network");
    private final List<Waiting> waiting = new ArrayList<>(); // of the loop
    private BiConsumer<NodeId, JobMessage> refusals = (_, _) -> {};
    private Predicate<NodeId> isUp = _ -> true;
    private long emptySinceNanos;
    private String troubleSaid = "";
    private @Nullable NameRelay names; // of the loop
    private volatile @Nullable Way way; // null while it is down; written by the loop

    /// @param effects hears of guests that have sent something: such a job must not be run again by itself
    /// @param runDirectory where it is remembered, until the machine's next start, what is to be undone
    public HomeNetwork(
            AddressRange range, EffectListener effects, Path runDirectory, PacketPump pump, PacketCarrier carrier) {
        this.range = range;
        this.effects = effects;
        this.addresses = new JobAddresses(range);
        this.rules = new ForwardingRules(range, runDirectory);
        this.pump = pump;
        this.carrier = carrier;
    }

    /// Begins, when the jobs of before are known and nodes can be dialled.
    ///
    /// @param refusals hears, in a node's name, of guests that cannot be started there
    /// @param isUp whether a node can be reached at all: one that cannot is waited for
    public void begin(BiConsumer<NodeId, JobMessage> refusals, Predicate<NodeId> isUp) {
        this.refusals = refusals;
        this.isUp = isUp;
        loop.start(Duration.ofSeconds(1), this::tick, this::isInUse);
        loop.execute(() -> {
            if (addresses.isEmpty()) {
                rules.removeLeftovers();
                return;
            }
            raiseAgain();
            addresses.all().forEach(owner -> carrier.connect(owner.node()));
        });
    }

    @Override
    public Optional<String> unusable() {
        return ForwardingRules.unusable();
    }

    @Override
    public void enter(GuestKey guest, NodeId node) {
        addresses.enter(guest, node);
        loop.execute(() -> {}); // from now on it ticks
    }

    @Override
    public void leave(GuestKey guest) {
        addresses.leave(guest);
    }

    @Override
    public GuestNetwork of(JobId job) {
        Resolvers resolvers = resolvers();
        return new GuestNetwork.OfHome(range.ofJob(job.number()), resolvers.path(), resolvers.lines());
    }

    private Resolvers resolvers() {
        return Resolvers.read(RESOLV_CONF, AddressRange.text(range.gateway()));
    }

    @Override
    public void whenReady(NodeId node, GuestKey guest, Runnable task, Predicate<String> goesWithout) {
        loop.execute(() -> {
            try {
                raise();
            } catch (IOException e) {
                refuse(node, guest, goesWithout, "this home cannot give its network to jobs: " + e.getMessage());
                return;
            }
            carrier.connect(node);
            if (carrier.reaches(node)) task.run();
            else waiting.add(new Waiting(node, guest, task, goesWithout, System.nanoTime() + LINK_PATIENCE.toNanos()));
        });
    }

    private void refuse(NodeId node, GuestKey guest, Predicate<String> goesWithout, String why) {
        if (!goesWithout.test(why)) refusals.accept(node, new GuestFailed(guest, ExitStatus.DROVER_FAILED, why));
    }

    /// Packets can travel to a node.
    public void reached(NodeId node) {
        loop.execute(() -> {
            List<Waiting> ready =
                    waiting.stream().filter(one -> one.node.equals(node)).toList();
            waiting.removeAll(ready);
            ready.forEach(one -> one.task.run());
        });
    }

    private boolean isInUse() {
        return way != null || !waiting.isEmpty() || !addresses.isEmpty();
    }

    private void tick() {
        long now = System.nanoTime();
        waiting.replaceAll(one -> isUp.test(one.node) ? one : one.until(now + LINK_PATIENCE.toNanos()));
        List<Waiting> late =
                waiting.stream().filter(one -> now - one.untilNanos > 0).toList();
        waiting.removeAll(late);
        for (Waiting one : late)
            refuse(
                    one.node,
                    one.guest,
                    one.goesWithout,
                    one.node + " takes no packets of this home's network; is its drover older?");
        if (!addresses.isEmpty() && way == null) raiseAgain();
        if (!addresses.isEmpty() || !waiting.isEmpty()) emptySinceNanos = now;
        else if (way != null && now - emptySinceNanos > LINGER.toNanos()) lower();
    }

    /// For jobs that run already: tried once a second, until it succeeds or they end.
    private void raiseAgain() {
        try {
            raise();
            troubleSaid = "";
        } catch (IOException e) {
            String trouble = String.valueOf(e.getMessage());
            if (!trouble.equals(troubleSaid)) LOG.error("jobs are without this home's network: {}", trouble);
            troubleSaid = trouble;
        }
    }

    private void raise() throws IOException {
        emptySinceNanos = System.nanoTime();
        if (way != null) return;
        Way made = new Way(rules.raise());
        way = made;
        pump.add(made);
        try {
            byte[] gateway = AddressRange.bytes(range.gateway());
            names = new NameRelay(
                    InetAddress.getByAddress(gateway), () -> resolvers().behindGateway());
        } catch (IOException e) {
            LOG.info("names are not passed on for jobs, since another program answers: {}", e.getMessage());
        }
    }

    private void lower() {
        Way down = takeDown();
        if (down != null) rules.lower(down.device);
    }

    /// Stops using the device, if there is one. When this returns, nobody reads it any more.
    private @Nullable Way takeDown() {
        Way down = way;
        if (down == null) return null;
        way = null;
        closeNames();
        CompletableFuture<Void> unread = new CompletableFuture<>();
        pump.remove(down, () -> unread.complete(null));
        unread.completeOnTimeout(null, PUMP_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                .join();
        return down;
    }

    private void closeNames() {
        try {
            if (names != null) names.close();
        } catch (IOException e) {
            LOG.debug("close", e);
        }
        names = null;
    }

    /// A packet from a node. The frame may be released when this returns, and is changed.
    public void fromNode(NodeId node, ByteBuf frame) {
        if (!PacketFrame.isIpv4(frame)) return;
        JobAddresses.Owner sender = addresses.owner(PacketFrame.source(frame));
        if (sender == null || !sender.node().equals(node) || !PacketFrame.names(frame, sender.guest())) return;
        if (!PacketFrame.asksForName(frame)) effects.onEffect(sender.guest());
        int destination = PacketFrame.destination(frame);
        JobAddresses.Owner receiver = addresses.owner(destination);
        Way up = way;
        if (receiver != null) {
            PacketFrame.name(frame, receiver.guest());
            carrier.toNode(receiver.node(), frame.retainedSlice());
        } else if (up != null && (destination == range.gateway() || !range.contains(destination))) {
            TunWriter.write(up.device, frame);
        }
    }

    /// Jobs of a daemon that stops keep device and rules: the next daemon goes on.
    @Override
    public void close() {
        loop.close();
        Way down = takeDown();
        if (down == null) return;
        if (addresses.isEmpty()) rules.lower(down.device);
        else down.device.close();
    }

    /// From home's kernel to guests.
    private final class Way implements PacketPump.Source {
        private final TunDevice device;

        Way(TunDevice device) {
            this.device = device;
        }

        @Override
        public TunDevice device() {
            return device;
        }

        /// Always: a packet for a node that has no room must not hold up others.
        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public void packet(ByteBuf frame) {
            if (!PacketFrame.isIpv4(frame)) return;
            JobAddresses.Owner receiver = addresses.owner(PacketFrame.destination(frame));
            if (receiver == null) return;
            PacketFrame.name(frame, receiver.guest());
            int length = frame.readableBytes();
            carrier.toNode(
                    receiver.node(), LinkHub.buffers().directBuffer(length).writeBytes(frame, 0, length));
        }
    }
}
