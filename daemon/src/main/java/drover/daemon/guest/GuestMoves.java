package drover.daemon.guest;

import drover.daemon.config.DaemonConfig;
import drover.daemon.links.ImageLinks;
import drover.daemon.loop.Loop;
import drover.daemon.network.GuestDevices;
import drover.homefs.mount.HomeMount;
import drover.model.ExitStatus;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.image.ImageFrame;
import drover.protocol.job.JobMessage;
import drover.protocol.job.JobMessage.GuestDead;
import drover.protocol.job.JobMessage.GuestFailed;
import drover.protocol.job.JobMessage.GuestReady;
import drover.protocol.job.JobMessage.GuestRestored;
import drover.protocol.job.JobMessage.GuestStays;
import drover.protocol.job.JobMessage.Missing;
import drover.protocol.job.JobMessage.PrepareGuest;
import drover.protocol.job.JobMessage.SendGuest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Guests of this node on their way to another, and from one. What is to be done next, home decides; this node
/// does it, and says what came of it. Loop of guests only, but for frames of images.
final class GuestMoves implements ImageLinks.Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(GuestMoves.class);
    /// A target that cannot be reached for so long is not moved to. Nothing is held yet.
    private static final Duration DIAL_PATIENCE = Duration.ofSeconds(10);

    private static final int LOOK_MILLIS = 20;
    /// A guest whose own memory is still on its way here does not go on before.
    private static final Duration MEMORY_PATIENCE = Duration.ofSeconds(200);

    private static final class Departure {
        final SendGuest move;
        final ImageDirectory image;
        final ImageSender sender;
        boolean dumps;
        boolean memoryFollows;
        boolean givenUp;
        /// Written before the sender hears that the image is complete, read after.
        volatile byte[] handoff = {};

        Departure(SendGuest move, ImageDirectory image, ImageSender sender) {
            this.move = move;
            this.image = image;
            this.sender = sender;
        }
    }

    private record Arrival(PrepareGuest move, ImageDirectory image, ImageWriter writer) {}

    private final NodeId self;
    private final Path images;
    private final Path libexec;
    private final Loop loop;
    private final KeeperConnection keeper;
    private final HomeMounts mounts;
    private final HeldGuests guests;
    private final GuestDevices devices;
    private final ImageLinks links;
    private final GuestHost.ToHome toHome;
    private final Map<GuestKey, Departure> departures = new HashMap<>();
    private final Map<GuestKey, Arrival> arrivals = new ConcurrentHashMap<>();
    private final Map<GuestKey, ImageSender> senders = new ConcurrentHashMap<>();
    private final GuestMemory memory;
    /// Of which an earlier daemon had begun the move.
    private final Set<GuestKey> found = new HashSet<>();

    private boolean keeperMoves;
    private boolean keeperPostCopies;

    GuestMoves(
            DaemonConfig config,
            Keeper.Setup setup,
            Loop loop,
            KeeperConnection keeper,
            HomeMounts mounts,
            HeldGuests guests,
            GuestDevices devices,
            ImageLinks links,
            GuestHost.ToHome toHome) {
        self = config.name();
        images = setup.images();
        libexec = setup.program().toAbsolutePath().getParent();
        this.loop = loop;
        this.keeper = keeper;
        this.mounts = mounts;
        this.guests = guests;
        this.devices = devices;
        this.links = links;
        this.toHome = toHome;
        memory = new GuestMemory(
                config, setup, loop, links, guest -> keeper.ifThere(k -> k.left(guest)), this::memoryLost);
        links.connectReceiver(this);
    }

    private void say(GuestKey guest, JobMessage message) {
        toHome.send(guest.job().home(), message);
    }

    // ---------------------------------------------------------------- the target

    /// Gets ready for a guest.
    ///
    /// @param refusal why this node takes none like it, if so
    void prepare(PrepareGuest move, Optional<String> refusal) {
        GuestKey guest = move.guest();
        if (guests.has(guest)) return;
        Optional<String> why = refusal.or(this::withoutCriu);
        ImageDirectory image = ImageDirectory.of(images, guest);
        if (why.isEmpty()) why = make(image);
        if (why.isPresent()) {
            say(guest, new GuestStays(guest, why.get()));
            return;
        }
        guests.begin(guest);
        var writer = new ImageWriter(
                links,
                move.source(),
                guest,
                image,
                (memoryFollows, handoff) -> loop.execute(() -> restore(guest, image, memoryFollows, handoff)),
                reason -> loop.execute(() -> notMade(guest, reason)));
        arrivals.put(guest, new Arrival(move, image, writer));
        keeper.ifThere(k -> mounts.prepare(guest.job().home(), k, whyNot -> {
            if (!arrivals.containsKey(guest)) return;
            if (whyNot.isPresent()) {
                notMade(guest, whyNot.get());
                return;
            }
            mountOf(guest).ifPresent(mount -> mount.arriving(guest));
            say(guest, new GuestReady(guest));
        }));
    }

    private Optional<HomeMount> mountOf(GuestKey guest) {
        return mounts.of(guest.job().home());
    }

    private Optional<String> withoutCriu() {
        // One of before takes what it does not know for nonsense, and the guests it holds would be given up.
        if (!keeperMoves)
            return Optional.of(
                    "the drover-keeper of " + self + " is older than its daemon; when it has no guests, restart it");
        return Criu.find(libexec).isPresent()
                ? Optional.empty()
                : Optional.of(self + " has no CRIU; there, as root: setup/criu");
    }

    private static Optional<String> make(ImageDirectory image) {
        try {
            image.make();
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of("there is no place for its image: " + e.getMessage());
        }
    }

    private void restore(GuestKey guest, ImageDirectory image, boolean memoryFollows, byte[] handoff) {
        Optional<Criu> criu = Criu.find(libexec);
        Arrival arrival = arrivals.get(guest);
        if (arrival == null) return;
        if (criu.isEmpty()) {
            notMade(guest, self + " has no CRIU any more");
            return;
        }
        NodeId source = arrival.move.source();
        if (memoryFollows && !keeperPostCopies) { // it would take that for nonsense, and all its guests be given up
            notMade(
                    guest,
                    "the drover-keeper of " + self + " is older than its daemon, and takes no guest before its memory");
            return;
        }
        if (memoryFollows) memory.follow(guest, source);
        keeper.ifThere(k -> k.restore(
                guest,
                criu.get(),
                image,
                arrival.move.credentials(),
                arrival.move.network(),
                memoryFollows ? Optional.of(source) : Optional.empty(),
                handoff));
    }

    /// The keeper waits until the guest's namespace is known.
    void created(GuestKey guest) {
        if (arrivals.containsKey(guest)) keeper.ifThere(k -> k.known(guest));
    }

    void restored(GuestKey guest) {
        if (!arrivals.containsKey(guest)) return;
        mounts.restored(guest.job().home(), () -> {
            if (arrivals.containsKey(guest)) say(guest, new GuestRestored(guest));
        });
    }

    /// It is this node's guest now.
    void resume(GuestKey guest) {
        if (!guests.has(guest)) {
            say(guest, new Missing(List.of(guest)));
            return;
        }
        mountOf(guest).ifPresent(mount -> mount.arrived(guest));
        keeper.ifThere(k -> k.resume(guest));
    }

    /// The keeper could not start a guest. True if it was to come from another node.
    boolean notMade(GuestKey guest, String why) {
        if (!arrivals.containsKey(guest)) return false;
        LOG.info("guest {} does not come: {}", guest, why);
        keeper.ifThere(k -> {
            k.kill(guest);
            k.forget(guest);
        });
        ended(guest);
        guests.drop(guest);
        say(guest, new GuestStays(guest, why));
        return true;
    }

    @Override
    public void fromSource(NodeId source, ImageFrame frame) {
        if (memory.take(source, frame)) return;
        Arrival arrival = arrivals.get(frame.guest());
        if (arrival != null && arrival.move.source().equals(source)) arrival.writer.take(frame);
    }

    /// A guest's memory is asked for there. Any thread.
    void pager(KeeperMessage.Pager pager) {
        memory.pager(pager);
    }

    /// All its memory is here, or it has ended.
    void whole(KeeperMessage.Whole whole) {
        GuestKey guest = whole.guest();
        memory.end(guest);
        if (whole.lost()) memoryLost(guest, "a part of its memory could not be fetched; see keeper.log of " + self);
    }

    private void memoryLost(GuestKey guest, String why) {
        LOG.warn("guest {} is lost: {}", guest, why);
        if (notMade(guest, why) || !guests.has(guest)) return;
        keeper.ifThere(k -> {
            k.kill(guest);
            k.forget(guest);
        });
        guests.drop(guest);
        say(guest, new GuestFailed(guest, ExitStatus.DROVER_FAILED, why));
    }

    /// It ends here, or is not wanted here.
    void ended(GuestKey guest) {
        dropped(guest);
        memory.end(guest);
    }

    // ---------------------------------------------------------------- the source

    /// Holds a guest and sends it away.
    void send(SendGuest move) {
        GuestKey guest = move.guest();
        if (departures.containsKey(guest)) return;
        OptionalInt init = guests.initOf(guest);
        Optional<String> why = init.isEmpty() ? Optional.of("it does not run on " + self) : withoutCriu();
        ImageDirectory image = ImageDirectory.of(images, guest);
        if (why.isEmpty()) why = make(image);
        if (why.isPresent()) {
            say(guest, new GuestStays(guest, why.get()));
            return;
        }
        var departure = new Departure(move, image, new ImageSender(links, move.target(), move.next()));
        departures.put(guest, departure);
        senders.put(move.next(), departure.sender);
        links.connect(move.target());
        Thread.ofPlatform().name("move of " + guest).daemon().start(() -> {
            Optional<String> objection = !isSoon(() -> memory.isWhole(guest), MEMORY_PATIENCE)
                    ? Optional.of("its memory is still on its way to " + self)
                    : isSoon(() -> links.isUp(move.target()), DIAL_PATIENCE)
                            ? MoveGate.objection(init.getAsInt())
                            : Optional.of(move.target() + " cannot be reached from " + self);
            boolean memoryFollows = links.takesGuestsBeforeMemory(move.target()) && memory.isLarge(init.getAsInt());
            loop.execute(() -> dump(departure, init.getAsInt(), memoryFollows, objection));
        });
    }

    private static boolean isSoon(BooleanSupplier state, Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        try {
            while (!state.getAsBoolean()) {
                if (System.nanoTime() - deadline > 0) return false;
                Thread.sleep(LOOK_MILLIS);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void dump(Departure departure, int init, boolean memoryFollows, Optional<String> objection) {
        GuestKey guest = departure.move.guest();
        if (departures.get(guest) != departure) return;
        Optional<Criu> criu = Criu.find(libexec);
        if (departure.givenUp || objection.isPresent() || criu.isEmpty()) {
            stays(guest, objection.orElse("it was given up"));
            return;
        }
        departure.dumps = true;
        departure.memoryFollows = memoryFollows && keeperPostCopies;
        if (departure.memoryFollows) {
            try {
                memory.lend(guest, departure.image, departure.move.target(), init);
            } catch (IOException e) {
                stays(guest, "its image cannot be written: " + e.getMessage());
                return;
            }
        }
        // From here on nothing comes in: what its kernel took and confirmed after the dump would be in no image.
        // If it stays, the keeper gives its device again.
        devices.detach(guest);
        mountOf(guest).ifPresent(mount -> mount.leaving(guest));
        keeper.ifThere(k -> k.dump(guest, criu.get(), departure.image, departure.memoryFollows));
        Thread.ofPlatform().name("image of " + guest).daemon().start(() -> sendImage(departure));
    }

    private void sendImage(Departure departure) {
        GuestKey guest = departure.move.guest();
        try {
            departure.sender.follow(departure.image);
            FileLockImage.add(
                    departure.image,
                    mountOf(guest).map(mount -> mount.locksOf(guest)).orElse(List.of()));
            departure.sender.send(departure.image, departure.memoryFollows, departure.handoff);
        } catch (IOException e) {
            loop.execute(() -> failed(departure, String.valueOf(e.getMessage())));
        }
    }

    /// It is in its image, and held.
    void dumped(GuestKey guest, byte[] handoff) {
        Departure departure = departures.get(guest);
        if (departure == null || departure.givenUp) {
            keeper.ifThere(k -> k.abandon(guest));
            return;
        }
        departure.handoff = handoff;
        departure.sender.complete();
    }

    private void failed(Departure departure, String why) {
        GuestKey guest = departure.move.guest();
        if (departures.get(guest) != departure || departure.givenUp) return;
        departure.givenUp = true;
        LOG.info("guest {} does not leave: {}", guest, why);
        keeper.ifThere(k -> k.abandon(guest));
        say(guest, new GuestStays(guest, why));
    }

    /// Home has given the move up.
    void keep(GuestKey guest) {
        if (found.remove(guest)) keeper.ifThere(k -> k.abandon(guest));
        Departure departure = departures.get(guest);
        if (departure == null || departure.givenUp) return;
        departure.givenUp = true;
        departure.sender.stop();
        if (departure.dumps) keeper.ifThere(k -> k.abandon(guest));
    }

    /// The keeper says that it goes on, or this daemon found out before that it will.
    void stays(GuestKey guest, String why) {
        memory.keep(guest);
        Departure departure = departures.get(guest);
        if (departure == null) return;
        dropped(guest);
        if (!departure.givenUp) say(guest, new GuestStays(guest, why));
    }

    /// It is another node's guest now.
    void end(GuestKey guest) {
        if (!guests.has(guest)) say(guest, new GuestDead(guest));
        else if (keeperPostCopies) keeper.ifThere(k -> k.lend(guest));
        else keeper.ifThere(k -> k.left(guest));
    }

    /// It never runs here again; its memory is still wanted.
    void lent(GuestKey guest) {
        memory.given(guest);
        Departure departure = departures.remove(guest);
        if (departure != null) senders.remove(departure.move.next());
        found.remove(guest);
        mountOf(guest).ifPresent(mount -> mount.notLeaving(guest));
        guests.drop(guest);
        say(guest, new GuestDead(guest));
    }

    void dead(GuestKey guest) {
        dropped(guest);
        ImageDirectory.of(images, guest).remove();
        guests.drop(guest);
        say(guest, new GuestDead(guest));
    }

    @Override
    public void fromTarget(NodeId target, ImageFrame frame) {
        if (memory.take(target, frame)) return;
        ImageSender sender = senders.get(frame.guest());
        if (sender != null && frame instanceof ImageFrame.Taken taken) sender.taken(taken.bytes());
    }

    // ---------------------------------------------------------------- both

    /// Guests that are held here for their memory alone. Any thread.
    List<GuestKey> lentGuests() {
        return memory.lentGuests();
    }

    /// Call once a second while there are any.
    void tick() {
        memory.tick();
    }

    /// Whether its end is to be told when it is dead, not before.
    boolean isLeaving(GuestKey guest) {
        return departures.containsKey(guest) || found.contains(guest);
    }

    /// What the keeper holds since before this daemon was there, some of it perhaps in the middle of a move.
    ///
    /// @param version of what it understands
    void found(List<KeeperMessage.Held> held, int version) {
        keeperMoves = version >= KeeperMessage.MOVES_VERSION;
        keeperPostCopies = version >= KeeperMessage.POST_COPY_VERSION;
        for (KeeperMessage.Held one : held) {
            if (one.state() == KeeperMessage.LEAVING) found.add(one.guest());
            if (one.state() == KeeperMessage.LEAVING || one.state() == KeeperMessage.HELD_FOR_MEMORY) memory.found(one);
        }
        memory.allFound();
        boolean any = !departures.isEmpty() || !arrivals.isEmpty();
        for (KeeperMessage.Held one : held) any |= one.state() >= KeeperMessage.LEAVING;
        if (!any) ImageDirectory.removeAllIn(images);
    }

    /// The guest runs here now, or is gone: nothing of a move is left.
    void dropped(GuestKey guest) {
        found.remove(guest);
        memory.keep(guest);
        mountOf(guest).ifPresent(mount -> {
            mount.notLeaving(guest);
            mount.arrived(guest);
        });
        Departure departure = departures.remove(guest);
        if (departure != null) {
            departure.sender.stop();
            senders.remove(departure.move.next());
            departure.image.remove();
        }
        @Nullable Arrival arrival = arrivals.remove(guest);
        if (arrival != null) {
            arrival.writer.close();
            arrival.image.remove();
        }
    }

    void close() {
        memory.close();
    }

    void keeperLost() {
        for (GuestKey guest : List.copyOf(departures.keySet())) dropped(guest);
        for (GuestKey guest : List.copyOf(arrivals.keySet())) dropped(guest);
        memory.clear();
        found.clear();
    }
}
