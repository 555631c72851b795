package drover.daemon.guest;

import drover.daemon.links.FileLinks;
import drover.daemon.loop.Loop;
import drover.homefs.cache.BlockStore;
import drover.homefs.mount.HomeMount;
import drover.homefs.mount.HomeMountConfig;
import drover.homefs.mount.MountCounters;
import drover.model.NodeId;
import drover.protocol.file.RecallCodec;
import io.netty.buffer.ByteBuf;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/// The home mounts of this node: one for each home, asked of the keeper when its first guest comes and kept as
/// long as the keeper lives. Loop of guests only, except that file frames and news of links may come on any
/// thread.
final class HomeMounts implements FileLinks.Mounts {
    private static final int MAX_READ_BYTES = 1 << 20;

    /// A home whose guests run or ran here.
    private static final class Home {
        final List<Consumer<Optional<String>>> waiting = new ArrayList<>();
        boolean asked;
        /// Does for one guest after the other what must be done before it starts.
        final ExecutorService starting = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("guest start").daemon().factory());
    }

    private final NodeId self;
    private final Path directory;
    private final Loop loop;
    private final GuestHost.ToHome toHome;
    private final CallerTable callers;
    private final BlockStore content;
    private final Consumer<NodeId> missed;
    private final Map<NodeId, Home> homes = new HashMap<>();
    private final Map<NodeId, HomeMount> mounts = new ConcurrentHashMap<>();

    /// @param directory of this machine's run: gone when it boots
    /// @param missed called when a home takes back what an earlier mount of its files was promised. A mount
    ///     whose Hello says that it is another one lets home go on; the keeper may still have the earlier one.
    HomeMounts(
            NodeId self,
            Path directory,
            Loop loop,
            GuestHost.ToHome toHome,
            CallerTable callers,
            BlockStore content,
            Consumer<NodeId> missed) {
        this.self = self;
        this.directory = directory;
        this.loop = loop;
        this.toHome = toHome;
        this.callers = callers;
        this.content = content;
        this.missed = missed;
    }

    /// Makes home's files ready for one more guest, as they are now.
    ///
    /// @param done called on the loop when they are: empty, or why they cannot be mounted; not called at all if
    ///     the keeper is lost before
    void prepare(NodeId home, Keeper keeper, Consumer<Optional<String>> done) {
        HomeMount mount = mounts.get(home);
        if (mount != null) {
            begin(mount, home(home), done);
        } else {
            home(home).waiting.add(done);
            mount(home, keeper);
        }
    }

    /// Has home's files mounted if they are not, and once: each answer of the keeper brings a server of the
    /// requests.
    void mount(NodeId home, Keeper keeper) {
        Home state = home(home);
        if (state.asked || mounts.containsKey(home)) return;
        state.asked = true;
        keeper.mount(home, MAX_READ_BYTES);
    }

    private Home home(NodeId home) {
        return homes.computeIfAbsent(home, h -> new Home());
    }

    /// The keeper has mounted, or could not.
    void mounted(KeeperMessage.Mounted mounted, int descriptor, Keeper keeper) {
        NodeId home = mounted.home();
        Home state = home(home);
        state.asked = false;
        List<Consumer<Optional<String>>> waiting = List.copyOf(state.waiting);
        state.waiting.clear();
        if (mounted.errno() != 0) {
            String why = self + " cannot mount the files of " + home + ": errno " + mounted.errno();
            waiting.forEach(done -> done.accept(Optional.of(why)));
            return;
        }
        HomeMount mount = new HomeMount(
                home,
                descriptor,
                mounted.already(),
                (linkClass, frame) -> toHome.send(home, linkClass, frame),
                callers,
                content,
                HomeMountConfig.of(
                        mounted.connection(),
                        keeper.startId() + mounted.connection(),
                        home.equals(self) ? Optional.of(directory.resolve("own-files.notes")) : Optional.empty()));
        mounts.put(home, mount);
        mounts.values().forEach(each -> each.isOneOf(mounts.size()));
        mount.start();
        mount.onLinkUp();
        waiting.forEach(done -> begin(mount, state, done));
    }

    /// May wait for directories that other guests are using: then on a thread of its own, and nobody else is
    /// held up.
    private void begin(HomeMount mount, Home state, Consumer<Optional<String>> done) {
        if (mount.beginJobAtOnce()) {
            done.accept(Optional.empty());
            return;
        }
        state.starting.execute(() -> {
            mount.beginJob();
            loop.execute(() -> done.accept(Optional.empty()));
        });
    }

    /// A guest of that home has been made from another, and does not run yet.
    ///
    /// @param done called on the loop when nothing reminds the kernel of that
    void restored(NodeId home, Runnable done) {
        HomeMount mount = mounts.get(home);
        if (mount == null) done.run();
        else
            home(home).starting.execute(() -> {
                mount.dropHeldNames();
                loop.execute(done);
            });
    }

    /// The mount of that home's files, if there is one. Any thread.
    Optional<HomeMount> of(NodeId home) {
        return Optional.ofNullable(mounts.get(home));
    }

    /// The keeper is gone, and all mounts with it.
    void keeperLost() {
        mounts.values().forEach(HomeMount::abandon);
        mounts.clear();
        homes.values().forEach(home -> home.starting.shutdown());
        homes.clear();
    }

    /// What the mount of that home's files has done, if there is one. Any thread.
    Optional<MountCounters> counters(NodeId home) {
        return of(home).map(HomeMount::counters);
    }

    /// Stops serving; the mounts themselves stay, for the daemon after this one.
    void closeAll() {
        mounts.values().forEach(HomeMount::close);
    }

    @Override
    public void fileFrame(NodeId home, ByteBuf frame) {
        HomeMount mount = mounts.get(home);
        if (mount != null) mount.onFrame(frame);
        else if (RecallCodec.isRecall(frame)) missed.accept(home);
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
}
