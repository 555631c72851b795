package drover.daemon.guest;

import drover.daemon.config.DaemonConfig;
import drover.daemon.links.FileLinks;
import drover.daemon.loop.Loop;
import drover.homefs.mount.HomeMount;
import drover.homefs.mount.HomeMountConfig;
import drover.model.ExitStatus;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.Wire;
import drover.protocol.job.JobMessage;
import drover.protocol.job.JobMessage.ExitCommitted;
import drover.protocol.job.JobMessage.GuestFailed;
import drover.protocol.job.JobMessage.GuestStarted;
import drover.protocol.job.JobMessage.KillGuest;
import drover.protocol.job.JobMessage.Lease;
import drover.protocol.job.JobMessage.Missing;
import drover.protocol.job.JobMessage.Reconcile;
import drover.protocol.job.JobMessage.Session;
import drover.protocol.job.JobMessage.StartGuest;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs guests of all homes on this node: checks that it may, has the keeper mount the home's files and start
/// the guest,
/// relays session frames, and ends guests whose home says so. Its state is what the keeper holds, so a
/// restarted daemon
/// learns it from the keeper and goes on.
///
/// All state is owned by one loop; the public methods may be called from any thread.
public final class GuestHost implements FileLinks.Mounts, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GuestHost.class);
    private static final Duration KEEPER_LEAST_LIFE = Duration.ofSeconds(1);
    private static final int MAX_READ_BYTES = 1 << 20;
    private static final int CPU_WEIGHT_AS_OTHERS = 100;

    /// The way back to a home. Takes ownership of file frames; job messages are encoded before it returns.
    public interface ToHome {
        void send(NodeId home, JobMessage message);

        boolean send(NodeId home, LinkClass linkClass, ByteBuf fileFrame);
    }

    /// A home whose guests run or ran here.
    private static final class Home {
        final List<StartGuest> waitingForMount = new ArrayList<>();
        boolean mountAsked;
        /// Does for one guest after the other what must be done before it starts.
        final ExecutorService starting = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("guest start").daemon().factory());
    }

    private final DaemonConfig config;
    private final Keeper.Setup setup;
    private final ToHome toHome;
    private final CallerTable callers = new CallerTable();
    private final Map<NodeId, Home> homes = new HashMap<>();
    private final Map<NodeId, HomeMount> mounts = new ConcurrentHashMap<>();
    /// Guests given to the keeper and not forgotten yet, with the pid of their init where it is known.
    private final Map<GuestKey, Integer> guests = new HashMap<>();
    /// Guests asked for and not answered for yet.
    private final Set<GuestKey> starting = new HashSet<>();

    private final Loop loop = new Loop("guests");
    private @Nullable Keeper keeper; // null while there is none
    private @Nullable KeeperEvents events; // of the present connection
    private long keeperSinceNs;
    private boolean closing;
    private boolean inventoryKnown;
    private final List<Runnable> afterInventory = new ArrayList<>();
    private volatile int guestCount;

    public GuestHost(DaemonConfig config, Keeper.Setup setup, ToHome toHome) throws IOException {
        this.config = config;
        this.setup = setup;
        this.toHome = toHome;
        loop.start(Duration.ofSeconds(1), this::tick);
        connectFirst();
    }

    /// On the loop, like every later connection: a keeper serves one at a time, and two that replace each other
    /// never end.
    private void connectFirst() throws IOException {
        CompletableFuture<Void> connected = new CompletableFuture<>();
        loop.execute(() -> {
            try {
                if (keeper == null) connect();
                connected.complete(null);
            } catch (IOException e) {
                connected.completeExceptionally(e);
            }
        });
        try {
            connected.join();
        } catch (CompletionException e) {
            loop.close();
            throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
        }
    }

    private void connect() throws IOException {
        keeperSinceNs = System.nanoTime();
        events = new KeeperEvents();
        keeper = new Keeper(setup, events);
    }

    /// Guests on this node now.
    public int guestCount() {
        return guestCount;
    }

    /// A home's message. The frame behind it may be released when this returns.
    public void message(NodeId home, JobMessage message) {
        switch (message) {
            case StartGuest start -> {
                StartGuest kept = new StartGuest(
                        start.guest(),
                        start.credentials(),
                        start.memoryLimitBytes(),
                        start.nodeNetwork(),
                        Wire.heapCopy(start.spec()));
                ifOwn(home, kept.guest(), () -> whenKnown(() -> start(kept)));
            }
            case Session session -> {
                ByteBuf frame = Wire.heapCopy(session.frame());
                ifOwn(home, session.guest(), () -> ifKept(k -> k.session(session.guest(), frame)));
            }
            case KillGuest kill -> ifOwn(home, kill.guest(), () -> kill(kill.guest()));
            case ExitCommitted ended -> ifOwn(home, ended.guest(), () -> forget(ended.guest()));
            case Lease lease -> loop.execute(() -> ifKept(k -> k.lease(home, lease.length())));
            case Reconcile reconcile ->
                loop.execute(() -> whenKnown(() -> reconcile(home, Set.copyOf(reconcile.alive()))));
            case GuestStarted m -> LOG.warn("{} says as a home what only a node says: {}", home, m);
            case GuestFailed m -> LOG.warn("{} says as a home what only a node says: {}", home, m);
            case Missing m -> LOG.warn("{} says as a home what only a node says: {}", home, m);
        }
    }

    /// A file frame of a home: a reply, or news of its files.
    @Override
    public void fileFrame(NodeId home, ByteBuf frame) {
        HomeMount mount = mounts.get(home);
        if (mount != null) mount.onFrame(frame);
    }

    @Override
    public void fileLinkUp(NodeId home) {
        HomeMount mount = mounts.get(home);
        if (mount != null) mount.onLinkUp();
    }

    @Override
    public void fileLinkDown(NodeId home) {
        HomeMount mount = mounts.get(home);
        if (mount != null) mount.onLinkDown();
    }

    private void ifOwn(NodeId home, GuestKey guest, Runnable task) {
        if (guest.job().home().equals(home)) loop.execute(task);
        else LOG.warn("{} speaks of guest {}, which is not its own", home, guest);
    }

    /// Waits until the keeper has said which guests it holds: before, one that lives would be taken for missing.
    private void whenKnown(Runnable task) {
        if (inventoryKnown || keeper == null) task.run();
        else afterInventory.add(task);
    }

    private void start(StartGuest start) {
        GuestKey guest = start.guest();
        NodeId home = guest.job().home();
        if (guests.containsKey(guest)) {
            if (!starting.contains(guest)) toHome.send(home, new GuestStarted(guest, guests.get(guest)));
            return;
        }
        Optional<String> refusal = refusal(start);
        if (refusal.isPresent()) {
            toHome.send(home, new GuestFailed(guest, ExitStatus.DROVER_FAILED, refusal.get()));
            return;
        }
        guests.put(guest, 0);
        starting.add(guest);
        guestCount = guests.size();
        if (home.equals(config.name())) {
            keeper.start(start, false, CPU_WEIGHT_AS_OTHERS);
        } else if (mounts.containsKey(home)) {
            startOn(mounts.get(home), start);
        } else {
            homes.computeIfAbsent(home, h -> new Home()).waitingForMount.add(start);
            mount(home);
        }
    }

    /// Once: each answer of the keeper brings one more server of the same requests.
    private void mount(NodeId home) {
        Home state = homes.computeIfAbsent(home, h -> new Home());
        if (!state.mountAsked) ifKept(k -> k.mount(home, MAX_READ_BYTES));
        state.mountAsked = true;
    }

    /// Without a keeper there are no guests to speak of, and the next one is asked what it holds.
    private void ifKept(Consumer<Keeper> task) {
        if (keeper != null) task.accept(keeper);
    }

    private Optional<String> refusal(StartGuest start) {
        NodeId home = start.guest().job().home();
        if (keeper == null)
            return Optional.of(config.name() + " cannot start its keeper; see the log of its daemon, and keeper.log");
        if (!config.accepts(home))
            return Optional.of(config.name() + " takes no guests of " + home + " (its accept-from)");
        if (start.credentials().isRoot() && !config.acceptRoot() && !home.equals(config.name()))
            return Optional.of(config.name() + " takes no guests of root (its accept-root)");
        if (start.nodeNetwork() && !config.nodeNetwork())
            return Optional.of(config.name() + " gives its network to no guest (its node-network)");
        if (guests.size() >= config.guestMax())
            return Optional.of(config.name() + " has " + guests.size() + " guests already (its guest-max)");
        return Optional.empty();
    }

    private void kill(GuestKey guest) {
        if (guests.containsKey(guest)) {
            ifKept(k -> {
                k.kill(guest);
                k.forget(guest); // nobody waits for its status: the keeper drops it when it is dead
            });
            dropped(guest);
        }
    }

    private void forget(GuestKey guest) {
        ifKept(k -> k.forget(guest));
        dropped(guest);
    }

    private void dropped(GuestKey guest) {
        guests.remove(guest);
        starting.remove(guest);
        callers.remove(guest);
        guestCount = guests.size();
    }

    private void reconcile(NodeId home, Set<GuestKey> alive) {
        List<GuestKey> stale = guests.keySet().stream()
                .filter(guest -> guest.job().home().equals(home) && !alive.contains(guest))
                .toList();
        stale.forEach(this::kill);
        toHome.send(
                home,
                new Missing(alive.stream()
                        .filter(guest -> !guests.containsKey(guest))
                        .toList()));
        for (GuestKey guest : alive)
            if (guests.containsKey(guest) && !starting.contains(guest))
                toHome.send(home, new GuestStarted(guest, guests.get(guest)));
    }

    private void tick() {
        if (keeper == null && !closing) reconnect();
    }

    private void reconnect() {
        try {
            connect();
        } catch (IOException e) {
            LOG.error("no keeper: {}", e.getMessage());
        }
    }

    private void keeperLost(KeeperEvents connection, String reason) {
        if (closing || connection != events) return; // an earlier connection's end is no news
        LOG.error("the keeper is gone ({}); its guests are lost, their homes will be told", reason);
        Map<NodeId, List<GuestKey>> lost = new HashMap<>();
        guests.keySet()
                .forEach(guest -> lost.computeIfAbsent(guest.job().home(), h -> new ArrayList<>())
                        .add(guest));
        List.copyOf(guests.keySet()).forEach(this::dropped);
        mounts.values().forEach(HomeMount::close);
        mounts.clear();
        homes.values().forEach(home -> home.starting.shutdown());
        homes.clear();
        inventoryKnown = false;
        ifKept(Keeper::close);
        keeper = null;
        // One that ends at once would be started thousands of times; the next tick tries again.
        if (System.nanoTime() - keeperSinceNs > KEEPER_LEAST_LIFE.toNanos()) reconnect();
        lost.forEach((home, keys) -> toHome.send(home, new Missing(keys)));
    }

    private void mounted(KeeperMessage.Mounted mounted, int descriptor) {
        if (keeper == null) return; // it went away with its mounts
        NodeId home = mounted.home();
        Home state = homes.computeIfAbsent(home, h -> new Home());
        state.mountAsked = false;
        List<StartGuest> waiting = List.copyOf(state.waitingForMount);
        state.waitingForMount.clear();
        if (mounted.errno() != 0) {
            for (StartGuest start : waiting) {
                dropped(start.guest());
                toHome.send(
                        home,
                        new GuestFailed(
                                start.guest(),
                                ExitStatus.DROVER_FAILED,
                                config.name() + " cannot mount the files of " + home + ": errno " + mounted.errno()));
            }
            return;
        }
        HomeMount mount = new HomeMount(
                home,
                descriptor,
                mounted.already(),
                (linkClass, frame) -> toHome.send(home, linkClass, frame),
                callers::guestOf,
                HomeMountConfig.of(mounted.connection(), keeper.startId() + mounted.connection()));
        mounts.put(home, mount);
        mount.start();
        mount.onLinkUp();
        waiting.forEach(start -> startOn(mount, start));
    }

    /// Makes the guest see home's files as they are now, then starts it. The first may wait for directories that
    /// other guests are using, so it has a thread of its own and holds up nobody else.
    private void startOn(HomeMount mount, StartGuest start) {
        Home home = homes.computeIfAbsent(start.guest().job().home(), h -> new Home());
        home.starting.execute(() -> {
            mount.beginJob();
            loop.execute(() -> {
                if (guests.containsKey(start.guest())) ifKept(k -> k.start(start, true, CPU_WEIGHT_AS_OTHERS));
            });
        });
    }

    private void started(GuestKey guest, int initHostPid) {
        if (!guests.containsKey(guest)) return;
        guests.put(guest, initHostPid);
        if (starting.remove(guest)) toHome.send(guest.job().home(), new GuestStarted(guest, initHostPid));
    }

    private void inventory(List<KeeperMessage.Held> held) {
        for (KeeperMessage.Held one : held) {
            NodeId home = one.guest().job().home();
            guests.put(one.guest(), one.initHostPid());
            callers.add(one.pidNamespace(), one.guest());
            if (!home.equals(config.name()) && !mounts.containsKey(home)) mount(home);
        }
        guestCount = guests.size();
        inventoryKnown = true;
        List<Runnable> tasks = List.copyOf(afterInventory);
        afterInventory.clear();
        tasks.forEach(Runnable::run);
    }

    @Override
    public void close() {
        loop.execute(() -> {
            closing = true;
            ifKept(Keeper::close);
            mounts.values().forEach(HomeMount::close);
        });
        loop.execute(loop::close);
    }

    /// Brings the keeper's messages onto the loop.
    private final class KeeperEvents implements Keeper.Listener {
        @Override
        public void message(KeeperMessage message, IntSupplier takeDescriptor) {
            switch (message) {
                case KeeperMessage.Mounted m -> {
                    int descriptor = m.errno() == 0 ? takeDescriptor.getAsInt() : -1;
                    loop.execute(() -> mounted(m, descriptor));
                }
                case KeeperMessage.Unmounted m -> LOG.info("unmounted the files of {}: errno {}", m.home(), m.errno());
                // Before anything else: the guest's first file calls are already on their way.
                case KeeperMessage.Created m -> callers.add(m.pidNamespace(), m.guest());
                case KeeperMessage.Started m -> {
                    callers.add(m.pidNamespace(), m.guest());
                    loop.execute(() -> started(m.guest(), m.initHostPid()));
                }
                case KeeperMessage.StartFailed m ->
                    loop.execute(() -> {
                        dropped(m.guest());
                        toHome.send(m.guest().job().home(), new GuestFailed(m.guest(), m.exitStatus(), m.reason()));
                    });
                case KeeperMessage.Session m -> {
                    ByteBuf frame = Wire.heapCopy(m.frame()); // through the loop, to stay behind GuestStarted
                    loop.execute(() -> toHome.send(m.guest().job().home(), new Session(m.guest(), frame)));
                }
                case KeeperMessage.Inventory m -> loop.execute(() -> inventory(m.guests()));
            }
        }

        @Override
        public void lost(String reason) {
            loop.execute(() -> keeperLost(this, reason));
        }
    }
}
