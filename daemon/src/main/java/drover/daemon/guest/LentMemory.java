package drover.daemon.guest;

import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.image.ImageFrame;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The source of moves whose memory follows (post-copy): reads pages of guests that are held here, and sends them to
/// the
/// node that has the guest, or is about to. What is read does not change any more, so that nothing has to be
/// remembered of what was sent, and a daemon that was restarted goes on. Safe from any thread.
final class LentMemory {
    private static final Logger LOG = LoggerFactory.getLogger(LentMemory.class);
    static final int PAGE_BYTES = 4096;
    /// Sent at once, of what is fetched in the background.
    private static final int PART_PAGES = 64;
    /// The same while single pages are asked for, which are those that the guest waits for: they are behind one such,
    /// 1.3 ms
    /// at 100 Mbit/s.
    private static final int PART_PAGES_WHILE_IT_WAITS = 4;

    private static final Duration IT_WAITS = Duration.ofMillis(50);
    private static final int WAITING_MAX = 4096;

    /// To the target; false if it cannot be reached now.
    interface Way {
        boolean send(NodeId target, ImageFrame frame);
    }

    private static final class Lent {
        final GuestKey guest;
        final NodeId target;
        final int initHostPid;
        final ByteBuffer buffer = ByteBuffer.allocateDirect(PART_PAGES * PAGE_BYTES);
        final Map<Integer, FileChannel> open = new HashMap<>();
        final ThreadPoolExecutor thread;
        Map<Integer, Path> processes = Map.of();
        long waitedNanos = System.nanoTime() - IT_WAITS.toNanos();
        volatile long heardNanos = System.nanoTime();
        /// Home has given it to the target.
        volatile boolean gone;

        Lent(GuestKey guest, NodeId target, int initHostPid) {
            this.guest = guest;
            this.target = target;
            this.initHostPid = initHostPid;
            thread = new ThreadPoolExecutor(
                    1,
                    1,
                    0,
                    TimeUnit.SECONDS,
                    new ArrayBlockingQueue<>(WAITING_MAX),
                    Thread.ofPlatform().name("memory of " + guest).daemon().factory());
        }

        /// Content of whole pages, of so many as are sent at once.
        ByteBuffer read(int process, long address, int pages) throws IOException {
            FileChannel memory = open.get(process);
            if (memory == null) {
                if (!processes.containsKey(process)) processes = GuestProcesses.byNumber(initHostPid);
                Path directory = processes.get(process);
                if (directory == null) throw new EOFException("it has no process " + process);
                memory = FileChannel.open(directory.resolve("mem"));
                open.put(process, memory);
            }
            if (pages == 1) waitedNanos = System.nanoTime();
            boolean waits = System.nanoTime() - waitedNanos < IT_WAITS.toNanos();
            buffer.clear().limit(Math.clamp(pages, 1, waits ? PART_PAGES_WHILE_IT_WAITS : PART_PAGES) * PAGE_BYTES);
            while (buffer.hasRemaining())
                if (memory.read(buffer, address + buffer.position()) <= 0)
                    throw new EOFException("there is no page at " + Long.toHexString(address + buffer.position()));
            return buffer.flip();
        }

        void close() {
            thread.getQueue().clear();
            thread.execute(() -> {
                for (FileChannel memory : open.values())
                    try {
                        memory.close();
                    } catch (IOException e) {
                        LOG.warn("memory of {}: {}", guest, e.getMessage());
                    }
            });
            thread.shutdown();
        }
    }

    private final Way way;
    private final Duration patience;
    private final Map<GuestKey, Lent> lent = new ConcurrentHashMap<>();
    /// What an earlier daemon has lent is here, too.
    private volatile boolean known;

    /// @param patience a node that has a guest asks all the time until it has everything; one that is silent for so
    /// long
    ///     has it no more
    LentMemory(Way way, Duration patience) {
        this.way = way;
        this.patience = patience;
    }

    /// Answers for this guest from now on.
    ///
    /// @param guest as it is here
    void add(GuestKey guest, NodeId target, int initHostPid) {
        Lent before = lent.put(guest, new Lent(guest, target, initHostPid));
        if (before != null) before.close();
    }

    /// All that this node has lent has been added: who asks for more is told that it is gone.
    void isKnown(boolean now) {
        known = now;
    }

    Set<GuestKey> guests() {
        return lent.keySet();
    }

    /// Those that home has given to their target.
    List<GuestKey> given() {
        return lent.values().stream()
                .filter(one -> one.gone)
                .map(one -> one.guest)
                .toList();
    }

    /// Home has given the guest to the target: it is wanted for its memory alone.
    void given(GuestKey guest) {
        Lent one = lent.get(guest);
        if (one == null) return;
        one.heardNanos = System.nanoTime();
        one.gone = true;
    }

    boolean isGiven(GuestKey guest) {
        Lent one = lent.get(guest);
        return one != null && one.gone;
    }

    void remove(GuestKey guest) {
        Lent one = lent.remove(guest);
        if (one != null) one.close();
    }

    /// The guest that has become this one on that node.
    Optional<GuestKey> before(NodeId target, GuestKey next) {
        return lent.values().stream()
                .filter(one -> one.target.equals(target)
                        && one.guest.job().equals(next.job())
                        && one.guest.epoch() < next.epoch())
                .map(one -> one.guest)
                .max(Comparator.comparingInt(GuestKey::epoch));
    }

    /// Sends what a target wants.
    void answer(NodeId target, ImageFrame.Want want) {
        Lent one = before(target, want.guest()).map(lent::get).orElse(null);
        if (one == null) {
            if (known) way.send(target, new ImageFrame.Gone(want.guest()));
            return;
        }
        one.heardNanos = System.nanoTime();
        if (want.pages() == 0) return; // a sign of life
        try {
            one.thread.execute(() -> send(one, want));
        } catch (RejectedExecutionException e) {
            // nobody wants it any more; or no honest target asks so much, and it may ask again
        }
    }

    private void send(Lent one, ImageFrame.Want want) {
        try {
            ByteBuffer content = one.read(want.process(), want.address(), want.pages());
            way.send(
                    one.target,
                    new ImageFrame.Pages(
                            want.guest(), want.process(), want.address(), Unpooled.wrappedBuffer(content)));
        } catch (IOException | IllegalArgumentException e) { // not an address
            LOG.warn("memory of {} cannot be read: {}", one.guest, e.getMessage());
            way.send(one.target, new ImageFrame.Gone(want.guest()));
        }
    }

    /// Those of which nobody has asked for anything for too long.
    List<GuestKey> forgotten() {
        long now = System.nanoTime();
        return lent.values().stream()
                .filter(one -> one.gone && now - one.heardNanos > patience.toNanos())
                .map(one -> one.guest)
                .toList();
    }
}
