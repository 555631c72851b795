package drover.homefs.mount;

import drover.linux.syscall.Errno;
import drover.model.NodeId;
import drover.protocol.file.CallCodec;
import drover.protocol.file.Caller;
import drover.protocol.file.FileCall;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileReply;
import drover.protocol.file.FileResult;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The calls under way to home. While the link is down they wait; on a new link a handshake comes first,
/// then, if home has restarted, what it has to know again, then the waiting calls under their old ids. A file
/// that is open and has no name any more cannot be brought back: its calls fail with EBADF or ESTALE. Any
/// thread.
final class Conversation {
    private static final Logger log = LoggerFactory.getLogger(Conversation.class);
    /// From here on a frame goes over the link for bulk.
    private static final int BULK_BYTES = 16 << 10;

    private final NodeId home;
    private final FrameSender sender;
    private final HomeMountConfig config;
    private final Restarts restarts;
    private final MountCounters counters;
    private final Map<Long, PendingCall> pending = new ConcurrentHashMap<>();
    /// Of the link whose handshake is under way: worthless on another.
    private final Set<Long> handshakes = ConcurrentHashMap.newKeySet();
    /// Home remembers what it answered the daemon before this one, by ids, and would answer that again.
    private final AtomicLong internalIds = new AtomicLong(new SecureRandom().nextLong(1L << 29) << 32);
    private final AtomicLong links = new AtomicLong();
    /// The link that calls go over; 0 while none may.
    private volatile long open;
    /// Held for reading while a call is sent, so that none of an old link is sent over a newer one, to a home
    /// that does not know yet what the call is about. Nothing that sends may take it for writing.
    private final ReentrantReadWriteLock opening = new ReentrantReadWriteLock();
    private final Condition opens = opening.writeLock().newCondition();
    /// Held under [#opening].
    private boolean ended;
    /// The link whose handshake is under way or done.
    private volatile long current;

    private Runnable restarted = () -> {};
    /// Null while calls may be answered.
    private volatile Consumer<PendingCall> abandoned;

    Conversation(NodeId home, FrameSender sender, HomeMountConfig config, Restarts restarts, MountCounters counters) {
        this.home = home;
        this.sender = sender;
        this.config = config;
        this.restarts = restarts;
        this.counters = counters;
    }

    /// Says what is to be done when home turns out to be another one than before. Call before the first link.
    void onRestart(Runnable task) {
        restarted = task;
    }

    boolean isUp() {
        return open != 0;
    }

    /// Makes the call now or when the link is up. The answer comes by [#take].
    void call(PendingCall call, Caller caller) {
        ByteBuf frame = CallCodec.encode(new FileCall(call.id, caller, call.operation), ByteBufAllocator.DEFAULT);
        call.carry(frame, frame.readableBytes() >= BULK_BYTES ? LinkClass.BULK : LinkClass.FILES);
        counters.calls.increment();
        pending.put(call.id, call);
        sendOver(open, call);
        if (abandoned != null) fail(call.id);
    }

    /// Returns whether it was an again.
    private boolean sendOver(long link, PendingCall call) {
        opening.readLock().lock();
        try {
            return link != 0 && open == link && call.send(sender, link);
        } finally {
            opening.readLock().unlock();
        }
    }

    private void change(long link) {
        opening.writeLock().lock();
        try {
            open = 0;
            current = link;
        } finally {
            opening.writeLock().unlock();
        }
    }

    /// The call that an answer is for, which is then done; null if nobody waits for it any more.
    PendingCall take(long id) {
        PendingCall call = pending.remove(id);
        if (call != null) call.done();
        return call;
    }

    /// Nobody will answer a call any more, now or later: the mount's own are answered with an error.
    ///
    /// @param fails what to do with one of the kernel's
    void abandon(Consumer<PendingCall> fails) {
        abandoned = fails;
        end();
        for (Long id : List.copyOf(pending.keySet())) fail(id);
    }

    private void fail(long id) {
        PendingCall call = take(id);
        if (call == null) return;
        if (call.then == null) abandoned.accept(call);
        else call.then.accept(new FileReply.Failed(call.id, Errno.EIO));
    }

    PendingCall find(long id) {
        return pending.get(id);
    }

    /// A message that is not answered and not repeated.
    boolean tell(FileOperation operation) {
        opening.readLock().lock();
        try {
            if (open == 0) return false;
            long id = PendingCall.INTERNAL | internalIds.incrementAndGet();
            return sender.send(
                    LinkClass.FILES,
                    CallCodec.encode(new FileCall(id, Caller.NOBODY, operation), ByteBufAllocator.DEFAULT));
        } finally {
            opening.readLock().unlock();
        }
    }

    /// The link that frames come over now; 0 for none.
    long link() {
        return current;
    }

    /// Promises were taken back. Not repeated: home asks again on the next link, and there may be another
    /// home behind it, which counts anew.
    ///
    /// @param link over which home asked
    void acknowledge(long link, long number) {
        if (link == 0 || current != link) return;
        long id = PendingCall.INTERNAL | internalIds.incrementAndGet();
        sender.send(
                LinkClass.FILES,
                CallCodec.encode(
                        new FileCall(id, Caller.NOBODY, new FileOperation.Recalled(number)), ByteBufAllocator.DEFAULT));
    }

    /// A call of the mount's own.
    void ask(FileOperation operation, Caller caller, Consumer<FileReply> then) {
        call(internal(operation, then), caller);
    }

    private PendingCall internal(FileOperation operation, Consumer<FileReply> then) {
        long id = PendingCall.INTERNAL | internalIds.incrementAndGet();
        return new PendingCall(id, 0, 0, 0, 0, 0, operation, 0, then);
    }

    void linkDown() {
        change(0);
        dropHandshakes();
    }

    private void dropHandshakes() {
        for (Long id : List.copyOf(handshakes)) {
            pending.remove(id);
            handshakes.remove(id);
        }
    }

    void linkUp() {
        long link = links.incrementAndGet();
        change(link);
        dropHandshakes();
        handshake(link, new FileOperation.Hello(CallCodec.VERSION, config.mountId()), Caller.NOBODY, reply -> {
            switch (reply) {
                case FileReply.Done(long _, FileResult.Welcome(int _, long now, long _)) -> welcome(link, now);
                case FileReply.Done done -> log.error("{} answers a hello with {}", home, done);
                case FileReply.Failed(long _, int errno, var _)
                when errno == Errno.EPROTO ->
                    log.error(
                            "{} does not speak this node's version {} of the file protocol, so guests of that home have "
                                    + "no files here; install the same release of drover on both",
                            home,
                            CallCodec.VERSION);
                case FileReply.Failed(long _, int errno, var _) ->
                    log.error("{} refuses its files to this node: errno {}", home, errno);
            }
        });
    }

    /// A call that is sent before the link is open for others, and not again on a later link.
    private void handshake(long link, FileOperation operation, Caller caller, Consumer<FileReply> then) {
        PendingCall call = internal(operation, reply -> {
            handshakes.clear();
            if (current == link) then.accept(reply);
        });
        ByteBuf frame = CallCodec.encode(new FileCall(call.id, caller, operation), ByteBufAllocator.DEFAULT);
        pending.put(call.id, call);
        handshakes.add(call.id);
        if (!sender.send(frame.readableBytes() >= BULK_BYTES ? LinkClass.BULK : LinkClass.FILES, frame))
            pending.remove(call.id);
    }

    private void welcome(long link, long now) {
        if (restarts.boot() == 0) restarts.knownToBoot(now);
        Restarts.Asking asking = (operation, caller, then) -> handshake(link, operation, caller, then);
        Runnable open = () -> asking.ask(new FileOperation.AllRevived(), Caller.NOBODY, _ -> opened(link));
        if (restarts.boot() == now) {
            restarts.askHome(asking, open);
            return;
        }
        restarted.run();
        restarts.tellHome(asking, pending.values(), () -> {
            restarts.knownToBoot(now);
            restarts.askHome(asking, open);
        });
    }

    /// Returns when calls may be made, and so what home promised before it restarted is being taken back; or
    /// when none ever may.
    void awaitUp() throws InterruptedException {
        opening.writeLock().lock();
        try {
            while (open == 0 && !ended) opens.await();
        } finally {
            opening.writeLock().unlock();
        }
    }

    /// Nobody needs to wait for a link any more: the calls are the next daemon's, or nobody's.
    void end() {
        opening.writeLock().lock();
        try {
            ended = true;
            opens.signalAll();
        } finally {
            opening.writeLock().unlock();
        }
        linkDown();
    }

    private void opened(long link) {
        opening.writeLock().lock();
        try {
            // the link may have broken meanwhile
            if (current != link) return;
            open = link;
            opens.signalAll();
        } finally {
            opening.writeLock().unlock();
        }
        List<PendingCall> waiting = new ArrayList<>(pending.values());
        waiting.sort(Comparator.comparingLong(call -> call.id));
        for (PendingCall call : waiting) if (sendOver(link, call)) counters.resent.increment();
    }

    int waiting() {
        return pending.size();
    }
}
