package drover.daemon.guest;

import drover.daemon.config.DaemonConfig;
import drover.daemon.links.ImageLinks;
import drover.daemon.loop.Loop;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.Wire;
import drover.protocol.image.ImageFrame;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Memory of guests that have moved before it (post-copy), on this node as source ([LentMemory]) and as target
/// ([FollowingMemory]). Loop of guests only, except where a method says otherwise.
final class GuestMemory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GuestMemory.class);
    /// The target gives up first.
    private static final Duration LENT_MARGIN = Duration.ofSeconds(10);
    /// CRIU 4.1 counts what is unmapped at once in an int (its uffd.c), and would ask for such a piece for ever.
    private static final long LARGEST_PIECE_BYTES = 1L << 31;

    private final long fromBytes;
    private final Path images;
    private final Loop loop;
    private final Consumer<GuestKey> returned;
    private final LentMemory lent;
    private final FollowingMemory following;

    /// @param returned hears of guests of which nothing is wanted any more
    /// @param lost hears of guests here that cannot go on, and why
    GuestMemory(
            DaemonConfig config,
            Keeper.Setup setup,
            Loop loop,
            ImageLinks links,
            Consumer<GuestKey> returned,
            BiConsumer<GuestKey, String> lost) {
        fromBytes = (long) config.postCopyFromMib() << 20;
        images = setup.images();
        this.loop = loop;
        this.returned = returned;
        lent = new LentMemory(links::sendEitherWay, config.jobLoss().plus(LENT_MARGIN));
        following = new FollowingMemory(
                links::sendEitherWay, config.jobLoss(), (guest, why) -> loop.execute(() -> lost.accept(guest, why)));
        following.connectAll(setup.runDirectory().resolve("pages"));
    }

    /// A frame of a source or target; which of the two dialled the link does not matter. False: it is of something
    /// else.
    /// Any thread.
    boolean take(NodeId peer, ImageFrame frame) {
        switch (frame) {
            case ImageFrame.Want want -> lent.answer(peer, want);
            case ImageFrame.Whole whole ->
                lent.before(peer, whole.guest()).ifPresent(guest -> loop.execute(() -> giveBack(guest)));
            case ImageFrame.Gone gone -> following.gone(peer, gone.guest());
            case ImageFrame.Pages pages ->
                following.arrived(
                        peer, pages.guest(), pages.process(), pages.address(), Wire.heapCopy(pages.content()));
            default -> {
                return false;
            }
        }
        return true;
    }

    // ---------------------------------------------------------------- the source

    /// Whether a guest has so much that it moves before it, and can. Any thread.
    boolean isLarge(int initHostPid) {
        try {
            return GuestProcesses.anonymousBytes(initHostPid) >= fromBytes
                    && !GuestProcesses.hasPieceOf(initHostPid, LARGEST_PIECE_BYTES);
        } catch (IOException e) {
            return false;
        }
    }

    /// Its memory may be asked for from now on.
    ///
    /// @throws IOException if it cannot be noted who may ask
    void lend(GuestKey guest, ImageDirectory image, NodeId target, int initHostPid) throws IOException {
        image.noteTarget(target);
        lent.add(guest, target, initHostPid);
    }

    /// The guest is the target's.
    void given(GuestKey guest) {
        lent.given(guest);
    }

    /// If the target has not got the guest yet, it may still go on here.
    private void giveBack(GuestKey guest) {
        if (!lent.isGiven(guest)) return;
        LOG.info("nothing more is wanted of the memory of {}", guest);
        returned.accept(guest);
    }

    /// It goes on here, or is dead.
    void keep(GuestKey guest) {
        lent.remove(guest);
    }

    /// An earlier daemon has lent it.
    void found(KeeperMessage.Held held) {
        boolean given = held.state() == KeeperMessage.HELD_FOR_MEMORY;
        Optional<NodeId> target = ImageDirectory.of(images, held.guest()).target();
        target.ifPresent(node -> lent.add(held.guest(), node, held.initHostPid()));
        if (given && target.isPresent()) lent.given(held.guest());
        else if (given) returned.accept(held.guest()); // nobody could ask for it
    }

    /// The keeper has said all that it holds.
    void allFound() {
        lent.isKnown(true);
    }

    /// Guests that are held here for their memory alone. Any thread.
    List<GuestKey> lentGuests() {
        return lent.given();
    }

    /// Looks whether those are still wanted. Call once a second while there are any.
    void tick() {
        for (GuestKey guest : lent.forgotten()) {
            LOG.warn("nobody asks for memory of {} any more", guest);
            lent.given(guest); // said again, if need be, but not each second
            returned.accept(guest);
        }
    }

    // ---------------------------------------------------------------- the target

    /// A guest begins to be made here whose memory is elsewhere.
    void follow(GuestKey guest, NodeId source) {
        following.begin(guest, source);
    }

    /// Its memory is asked for there. Any thread.
    void pager(KeeperMessage.Pager pager) {
        following.connect(Path.of(pager.socket()));
    }

    /// Any thread.
    boolean isWhole(GuestKey guest) {
        return !following.isAwaited(guest);
    }

    /// Nothing more is wanted of it.
    void end(GuestKey guest) {
        following.end(guest);
    }

    // ---------------------------------------------------------------- both

    /// The keeper is gone, and all guests with it.
    void clear() {
        for (GuestKey guest : List.copyOf(lent.guests())) lent.remove(guest);
        lent.isKnown(false);
        following.clear();
    }

    @Override
    public void close() {
        following.close();
    }
}
