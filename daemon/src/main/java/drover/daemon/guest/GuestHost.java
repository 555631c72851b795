package drover.daemon.guest;

import drover.daemon.config.DaemonConfig;
import drover.daemon.links.FileLinks;
import drover.daemon.links.ImageLinks;
import drover.daemon.loop.Loop;
import drover.daemon.network.GuestDevices;
import drover.homefs.cache.BlockStore;
import drover.homefs.mount.MountCounters;
import drover.model.ExitStatus;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.model.Openness;
import drover.protocol.Wire;
import drover.protocol.job.GuestNetwork;
import drover.protocol.job.JobMessage;
import drover.protocol.job.JobMessage.EndGuest;
import drover.protocol.job.JobMessage.ExitCommitted;
import drover.protocol.job.JobMessage.GuestDead;
import drover.protocol.job.JobMessage.GuestFailed;
import drover.protocol.job.JobMessage.GuestReady;
import drover.protocol.job.JobMessage.GuestRestored;
import drover.protocol.job.JobMessage.GuestStarted;
import drover.protocol.job.JobMessage.GuestStays;
import drover.protocol.job.JobMessage.KeepGuest;
import drover.protocol.job.JobMessage.KillGuest;
import drover.protocol.job.JobMessage.Lease;
import drover.protocol.job.JobMessage.Missing;
import drover.protocol.job.JobMessage.PrepareGuest;
import drover.protocol.job.JobMessage.Reconcile;
import drover.protocol.job.JobMessage.ResumeGuest;
import drover.protocol.job.JobMessage.SendGuest;
import drover.protocol.job.JobMessage.Session;
import drover.protocol.job.JobMessage.StartGuest;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs guests of all homes on this node: checks that it may, has the keeper mount the home's files and
/// start the guest, relays session frames, and ends guests whose home says so. Its state is what the keeper
/// holds, so a restarted daemon learns it from the keeper and goes on.
///
/// All state is owned by one loop; the public methods may be called from any thread.
public final class GuestHost implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GuestHost.class);
    private static final int CPU_WEIGHT_AS_OTHERS = 100;

    /// The way back to a home. Takes ownership of file frames; job messages are encoded before it returns.
    public interface ToHome {
        void send(NodeId home, JobMessage message);

        boolean send(NodeId home, LinkClass linkClass, ByteBuf fileFrame);
    }

    private final DaemonConfig config;
    private final Supplier<Openness> openness;
    private final ToHome toHome;
    private final CallerTable callers = new CallerTable();
    private final GuestDevices devices;
    private final HeldGuests guests;
    private final Loop loop = new Loop("guests");
    private final HomeMounts mounts;
    private final KeeperConnection keeper;
    private final GuestMoves moves;

    /// Begins to hold guests.
    ///
    /// @param openness whether guests of other homes are taken now
    /// @param content what this node keeps of all homes' files
    /// @param devices those of guests in their home's network
    /// @throws IOException when there is no keeper and none can be started
    public GuestHost(
            DaemonConfig config,
            Supplier<Openness> openness,
            Keeper.Setup setup,
            BlockStore content,
            GuestDevices devices,
            ToHome toHome,
            ImageLinks images)
            throws IOException {
        this.config = config;
        this.openness = openness;
        this.toHome = toHome;
        this.devices = devices;
        guests = new HeldGuests(callers, devices::detach);
        mounts = new HomeMounts(config.name(), setup.runDirectory(), loop, toHome, callers, content, this::mountMissed);
        keeper = new KeeperConnection(setup, loop, new KeeperEvents());
        moves = new GuestMoves(config, setup, loop, keeper, mounts, guests, devices, images, toHome);
        loop.start(
                Duration.ofSeconds(1),
                this::tick,
                () -> !keeper.isThere() || !moves.lentGuests().isEmpty());
        try {
            keeper.connectFirst();
        } catch (IOException e) {
            loop.close();
            throw e;
        }
    }

    /// Guests on this node now.
    public int guestCount() {
        return guests.count();
    }

    /// All of them, and those that have moved before their memory, which is still here. On the loop of guests.
    public void all(Consumer<List<GuestKey>> then) {
        loop.execute(() -> keeper.whenKnown(() -> {
            List<GuestKey> all = new ArrayList<>(guests.all());
            all.addAll(moves.lentGuests());
            then.accept(List.copyOf(all));
        }));
    }

    /// Where frames of homes' files go.
    public FileLinks.Mounts mounts() {
        return mounts;
    }

    /// What the mount of that home's files on this node has done, if there is one. Any thread.
    public Optional<MountCounters> fileCounters(NodeId home) {
        return mounts.counters(home);
    }

    /// A home's message. The frame behind it may be released when this returns.
    public void message(NodeId home, JobMessage message) {
        switch (message) {
            case StartGuest start -> {
                StartGuest kept = new StartGuest(
                        start.guest(),
                        start.credentials(),
                        start.memoryLimitBytes(),
                        start.network(),
                        start.neverMoves(),
                        Wire.heapCopy(start.spec()));
                ifOwn(home, kept.guest(), () -> keeper.whenKnown(() -> start(kept)));
            }
            case Session session -> {
                ByteBuf frame = Wire.heapCopy(session.frame());
                ifOwn(home, session.guest(), () -> keeper.ifThere(k -> k.session(session.guest(), frame)));
            }
            case KillGuest kill -> ifOwn(home, kill.guest(), () -> kill(kill.guest()));
            case ExitCommitted ended -> ifOwn(home, ended.guest(), () -> forget(ended.guest()));
            case Lease lease -> loop.execute(() -> keeper.ifThere(k -> k.lease(home, lease.length())));
            case Reconcile reconcile ->
                loop.execute(() -> keeper.whenKnown(() -> reconcile(home, Set.copyOf(reconcile.alive()))));
            case PrepareGuest move ->
                ifOwn(home, move.guest(), () -> keeper.whenKnown(() -> moves.prepare(move, refusal(move))));
            case SendGuest move -> ifOwn(home, move.guest(), () -> keeper.whenKnown(() -> moves.send(move)));
            case KeepGuest keep -> ifOwn(home, keep.guest(), () -> moves.keep(keep.guest()));
            case EndGuest end -> ifOwn(home, end.guest(), () -> keeper.whenKnown(() -> moves.end(end.guest())));
            case ResumeGuest resume ->
                ifOwn(home, resume.guest(), () -> keeper.whenKnown(() -> resume(resume.guest())));
            case GuestReady m -> LOG.warn("{} says as a home what only a node says: {}", home, m);
            case GuestRestored m -> LOG.warn("{} says as a home what only a node says: {}", home, m);
            case GuestStays m -> LOG.warn("{} says as a home what only a node says: {}", home, m);
            case GuestDead m -> LOG.warn("{} says as a home what only a node says: {}", home, m);
            case GuestStarted m -> LOG.warn("{} says as a home what only a node says: {}", home, m);
            case GuestFailed m -> LOG.warn("{} says as a home what only a node says: {}", home, m);
            case Missing m -> LOG.warn("{} says as a home what only a node says: {}", home, m);
        }
    }

    private void ifOwn(NodeId home, GuestKey guest, Runnable task) {
        if (guest.job().home().equals(home)) loop.execute(task);
        else LOG.warn("{} speaks of guest {}, which is not its own", home, guest);
    }

    private void start(StartGuest start) {
        GuestKey guest = start.guest();
        NodeId home = guest.job().home();
        if (guests.has(guest)) {
            sayIfStarted(guest);
            return;
        }
        Optional<String> refusal = refusal(start);
        if (refusal.isPresent()) {
            failed(guest, ExitStatus.DROVER_FAILED, refusal.get());
            return;
        }
        guests.begin(guest);
        keeper.ifThere(k -> {
            if (home.equals(config.name()) && start.neverMoves()) k.start(start, false, CPU_WEIGHT_AS_OTHERS);
            else mounts.prepare(home, k, why -> startOnMount(start, why));
        });
    }

    private void mountMissed(NodeId home) {
        if (config.accepts(home))
            loop.execute(() -> keeper.whenKnown(() -> keeper.ifThere(k -> mounts.mount(home, k))));
    }

    private void startOnMount(StartGuest start, Optional<String> whyNot) {
        GuestKey guest = start.guest();
        boolean atHome = guest.job().home().equals(config.name());
        if (whyNot.isPresent() && atHome && guests.has(guest)) {
            LOG.warn("{} runs on home's own files, and will not move: {}", guest, whyNot.get());
            keeper.ifThere(k -> k.start(start, false, CPU_WEIGHT_AS_OTHERS));
        } else if (whyNot.isPresent()) failed(guest, ExitStatus.DROVER_FAILED, whyNot.get());
        else if (guests.has(guest)) keeper.ifThere(k -> k.start(start, true, CPU_WEIGHT_AS_OTHERS));
    }

    private Optional<String> refusal(PrepareGuest move) {
        if (!config.accepts(move.source()))
            return Optional.of(config.name() + " takes no guests from " + move.source() + " (its accept-from)");
        return refusal(
                new StartGuest(move.guest(), move.credentials(), 0, move.network(), false, Unpooled.EMPTY_BUFFER));
    }

    private void resume(GuestKey guest) {
        if (guests.initOf(guest).isPresent()) sayIfStarted(guest);
        else moves.resume(guest);
    }

    private Optional<String> refusal(StartGuest start) {
        NodeId home = start.guest().job().home();
        if (!keeper.isThere())
            return Optional.of(config.name() + " cannot start its keeper; see the log of its daemon, and keeper.log");
        if (!config.accepts(home))
            return Optional.of(config.name() + " takes no guests of " + home + " (its accept-from)");
        if (openness.get() != Openness.OPEN && !home.equals(config.name()))
            return Optional.of(config.name() + " takes no guests now: see drover nodes");
        if (start.credentials().isRoot() && !config.acceptRoot() && !home.equals(config.name()))
            return Optional.of(config.name() + " takes no guests of root (its accept-root)");
        if (start.network() instanceof GuestNetwork.OfNode && !config.nodeNetwork())
            return Optional.of(config.name() + " gives its network to no guest (its node-network)");
        if (guests.count() >= config.guestMax())
            return Optional.of(config.name() + " has " + guests.count() + " guests already (its guest-max)");
        return Optional.empty();
    }

    private void failed(GuestKey guest, int exitStatus, String why) {
        guests.drop(guest);
        toHome.send(guest.job().home(), new GuestFailed(guest, exitStatus, why));
    }

    private void kill(GuestKey guest) {
        if (!guests.has(guest)) return;
        moves.ended(guest);
        keeper.ifThere(k -> {
            k.kill(guest);
            k.forget(guest); // nobody waits for its status: the keeper drops it when it is dead
        });
        guests.drop(guest);
    }

    private void forget(GuestKey guest) {
        moves.ended(guest);
        keeper.ifThere(k -> k.forget(guest));
        guests.drop(guest);
    }

    private void reconcile(NodeId home, Set<GuestKey> alive) {
        for (GuestKey guest : guests.of(home)) {
            if (alive.contains(guest)) moves.keep(guest);
            else if (moves.isLeaving(guest)) moves.end(guest);
            else kill(guest);
        }
        List<GuestKey> missing =
                alive.stream().filter(guest -> !guests.has(guest)).toList();
        toHome.send(home, new Missing(missing));
        alive.forEach(this::sayIfStarted);
    }

    private void sayIfStarted(GuestKey guest) {
        guests.initOf(guest).ifPresent(init -> toHome.send(guest.job().home(), new GuestStarted(guest, init)));
    }

    private void started(GuestKey guest, int initHostPid) {
        moves.dropped(guest); // where it came from another node
        if (guests.started(guest, initHostPid)) sayIfStarted(guest);
    }

    private void network(GuestKey guest, int descriptor) {
        devices.attach(guest, descriptor);
        if (!guests.has(guest)) devices.detach(guest); // its end crossed this on the way
    }

    private void inventory(KeeperMessage.Inventory inventory) {
        List<KeeperMessage.Held> held = inventory.guests();
        for (KeeperMessage.Held one : held) {
            NodeId home = one.guest().job().home();
            if (one.state() != KeeperMessage.HELD_FOR_MEMORY) guests.found(one);
            keeper.ifThere(k -> mounts.mount(home, k));
        }
        moves.found(held, inventory.version());
        keeper.inventoryKnown();
    }

    private void tick() {
        keeper.tick();
        moves.tick();
    }

    private void keeperLost() {
        Map<NodeId, List<GuestKey>> lost = new HashMap<>();
        for (GuestKey guest : guests.all()) {
            lost.computeIfAbsent(guest.job().home(), h -> new ArrayList<>()).add(guest);
            guests.drop(guest);
        }
        moves.keeperLost();
        mounts.keeperLost();
        lost.forEach((home, keys) -> toHome.send(home, new Missing(keys)));
    }

    @Override
    public void close() {
        loop.execute(() -> {
            keeper.close();
            moves.close();
            mounts.closeAll();
        });
        loop.execute(loop::close);
    }

    /// Brings the keeper's messages onto the loop.
    private final class KeeperEvents implements KeeperConnection.Listener {
        @Override
        public void message(KeeperMessage message, IntSupplier takeDescriptor) {
            switch (message) {
                case KeeperMessage.Mounted m -> {
                    int descriptor = m.errno() == 0 ? takeDescriptor.getAsInt() : -1;
                    // If the keeper is gone by then, so are its mounts.
                    loop.execute(() -> keeper.ifThere(k -> mounts.mounted(m, descriptor, k)));
                }
                case KeeperMessage.Network m -> {
                    int descriptor = takeDescriptor.getAsInt();
                    loop.execute(() -> network(m.guest(), descriptor));
                }
                case KeeperMessage.Unmounted m -> LOG.info("unmounted the files of {}: errno {}", m.home(), m.errno());
                // Before anything else: the guest's first file calls are already on their way.
                case KeeperMessage.Created m -> {
                    callers.add(m.pidNamespace(), m.guest());
                    loop.execute(() -> moves.created(m.guest()));
                }
                case KeeperMessage.Caller m -> {
                    if (m.hostPid() == 0) callers.removeHelpers(m.guest());
                    else callers.addHelper(m.hostPid(), m.guest());
                    if (m.hostPid() != 0) loop.execute(() -> keeper.ifThere(k -> k.known(m.guest())));
                }
                case KeeperMessage.Dumped m -> {
                    byte[] handoff = ByteBufUtil.getBytes(m.handoff());
                    loop.execute(() -> moves.dumped(m.guest(), handoff));
                }
                case KeeperMessage.DumpFailed m -> loop.execute(() -> moves.stays(m.guest(), m.reason()));
                case KeeperMessage.Restored m -> loop.execute(() -> moves.restored(m.guest()));
                case KeeperMessage.Lent m -> loop.execute(() -> moves.lent(m.guest()));
                case KeeperMessage.Pager m -> moves.pager(m);
                case KeeperMessage.Whole m -> loop.execute(() -> moves.whole(m));
                case KeeperMessage.Dead m -> loop.execute(() -> moves.dead(m.guest()));
                case KeeperMessage.Started m -> {
                    callers.add(m.pidNamespace(), m.guest());
                    loop.execute(() -> started(m.guest(), m.initHostPid()));
                }
                case KeeperMessage.StartFailed m ->
                    loop.execute(() -> {
                        if (!moves.notMade(m.guest(), m.reason())) failed(m.guest(), m.exitStatus(), m.reason());
                    });
                case KeeperMessage.Session m -> {
                    ByteBuf frame = Wire.heapCopy(m.frame()); // through the loop, to stay behind GuestStarted
                    loop.execute(() -> toHome.send(m.guest().job().home(), new Session(m.guest(), frame)));
                }
                case KeeperMessage.Inventory m -> loop.execute(() -> inventory(m));
            }
        }

        @Override
        public void lost() {
            keeperLost();
        }
    }
}
