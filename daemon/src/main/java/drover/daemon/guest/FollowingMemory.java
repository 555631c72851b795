package drover.daemon.guest;

import drover.daemon.loop.Loop;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.image.ImageFrame;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The target of moves whose memory follows (post-copy): what pagers want is asked of the node that has it. A pager
/// says it again to a daemon that was restarted, and a question without an answer is asked again.
///
/// It has a loop of its own, which waits for no other and never for the keeper: that may wait for a guest, and the
/// guest for
/// a page. Safe from any thread.
final class FollowingMemory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FollowingMemory.class);
    /// Asked again after that: the link broke, or the source's daemon did.
    private static final Duration AGAIN = Duration.ofSeconds(2);
    /// To the source; false if it cannot be reached now.
    interface Way {
        boolean send(NodeId source, ImageFrame frame);
    }

    private static final class Awaited {
        final NodeId source;
        final ArrayDeque<ImageFrame.Want> wants = new ArrayDeque<>();

        @Nullable Pager pager; // null until it has greeted

        /// Of its pager; 0 while it asks.
        long endedNanos;
        long askedNanos = System.nanoTime();
        long answeredNanos = askedNanos;

        Awaited(NodeId source) {
            this.source = source;
        }
    }

    private final Way way;
    private final Duration patience;
    private final BiConsumer<GuestKey, String> lost;
    private final Loop loop = new Loop("memory that follows");
    private final Map<GuestKey, Awaited> awaited = new ConcurrentHashMap<>();
    private final Map<Pager, GuestKey> pagers = new ConcurrentHashMap<>();

    /// @param patience a source that answers nothing for so long is lost, and the guest with it
    /// @param lost hears of guests that cannot go on, and why
    FollowingMemory(Way way, Duration patience, BiConsumer<GuestKey, String> lost) {
        this.way = way;
        this.patience = patience;
        this.lost = lost;
        loop.start(Duration.ofSeconds(1), this::tick, () -> !awaited.isEmpty());
    }

    /// A guest begins to be made here whose memory is elsewhere.
    void begin(GuestKey guest, NodeId source) {
        awaited.putIfAbsent(guest, new Awaited(source));
    }

    boolean isAwaited(GuestKey guest) {
        return awaited.containsKey(guest);
    }

    /// Takes questions of all pagers that an earlier daemon has left.
    ///
    /// @param directory of their sockets
    void connectAll(Path directory) {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, "*.sock")) {
            all.forEach(this::connect);
        } catch (IOException e) {
            LOG.debug("no pagers: {}", e.getMessage()); // there was no such guest yet
        }
    }

    /// Takes a pager's questions.
    void connect(Path socket) {
        try {
            Pager.connect(socket, new Pager.Listener() {
                @Override
                public void greets(Pager pager, GuestKey guest, NodeId source) {
                    begin(guest, source);
                    pagers.put(pager, guest);
                    loop.execute(() -> greeted(pager, guest));
                }

                @Override
                public void wants(Pager pager, int process, long address, int pages) {
                    GuestKey guest = pagers.get(pager);
                    if (guest != null) loop.execute(() -> want(new ImageFrame.Want(guest, process, address, pages)));
                }

                @Override
                public void ended(Pager pager) {
                    GuestKey guest = pagers.remove(pager);
                    if (guest != null) loop.execute(() -> pagerEnded(pager, guest));
                }
            });
        } catch (IOException e) {
            LOG.debug("pager {}: {}", socket, e.getMessage()); // it has ended
        }
    }

    private void greeted(Pager pager, GuestKey guest) {
        Awaited one = awaited.get(guest);
        if (one == null) return;
        one.pager = pager;
        one.endedNanos = 0;
        one.wants.clear(); // it says all anew
    }

    /// The keeper says what that means, or has forgotten the guest.
    private void pagerEnded(Pager pager, GuestKey guest) {
        Awaited one = awaited.get(guest);
        if (one == null || one.pager != pager) return;
        one.wants.clear();
        one.endedNanos = System.nanoTime();
    }

    private void want(ImageFrame.Want want) {
        Awaited one = awaited.get(want.guest());
        if (one == null) return;
        one.askedNanos = System.nanoTime();
        if (one.wants.isEmpty()) one.answeredNanos = one.askedNanos;
        one.wants.add(want);
        way.send(one.source, want);
    }

    /// What a source has sent. The buffer is kept.
    void arrived(NodeId source, GuestKey guest, int process, long address, ByteBuf content) {
        loop.execute(() -> {
            Awaited one = awaited.get(guest);
            if (one == null || !one.source.equals(source) || one.pager == null) return;
            ImageFrame.Want first = one.wants.peek();
            // of a question that was asked twice
            if (first == null || first.process() != process || first.address() != address) return;
            int bytes = content.readableBytes();
            if (bytes == 0 || bytes % LentMemory.PAGE_BYTES != 0 || bytes / LentMemory.PAGE_BYTES > first.pages())
                return;
            one.wants.remove();
            one.answeredNanos = System.nanoTime();
            one.pager.pages(process, address, content);
        });
    }

    /// The source has nothing of it.
    void gone(NodeId source, GuestKey guest) {
        loop.execute(() -> {
            Awaited one = awaited.get(guest);
            if (one != null && one.source.equals(source)) lost(guest, one, "does not have it any more");
        });
    }

    /// Nothing more is wanted. The source is told.
    void end(GuestKey guest) {
        Awaited one = awaited.remove(guest);
        if (one == null) return;
        pagers.values().remove(guest);
        way.send(one.source, new ImageFrame.Whole(guest));
    }

    private void tick() {
        long now = System.nanoTime();
        for (Map.Entry<GuestKey, Awaited> entry : List.copyOf(awaited.entrySet())) {
            Awaited one = entry.getValue();
            if (one.wants.isEmpty()) {
                if (one.endedNanos != 0 && now - one.endedNanos > AGAIN.toNanos()) end(entry.getKey());
                else way.send(one.source, new ImageFrame.Want(entry.getKey(), 0, 0, 0)); // a sign of life
                continue;
            }
            if (now - one.answeredNanos > patience.toNanos())
                lost(entry.getKey(), one, "has not answered for " + patience.toSeconds() + " s");
            else if (now - Math.max(one.askedNanos, one.answeredNanos) > AGAIN.toNanos()) {
                one.askedNanos = now;
                for (ImageFrame.Want want : one.wants) if (!way.send(one.source, want)) break;
            }
        }
    }

    private void lost(GuestKey guest, Awaited one, String why) {
        end(guest);
        lost.accept(guest, "a part of its memory was still on " + one.source + ", which " + why);
    }

    /// The keeper is gone, and the guests with it.
    void clear() {
        for (GuestKey guest : List.copyOf(awaited.keySet())) end(guest);
        pagers.clear();
    }

    @Override
    public void close() {
        loop.close();
    }
}
