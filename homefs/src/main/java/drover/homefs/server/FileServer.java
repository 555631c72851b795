package drover.homefs.server;

import drover.linux.syscall.Close;
import drover.linux.syscall.Errno;
import drover.linux.syscall.FileStatus;
import drover.linux.syscall.Open;
import drover.linux.syscall.Rlimit;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.file.Bytes;
import drover.protocol.file.CallCodec;
import drover.protocol.file.FileCall;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileReply;
import drover.protocol.file.MalformedFileFrame;
import drover.protocol.file.ReplyCodec;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Performs the file calls of guests on home's files, under the guests' own rights. Thread rule: all methods
/// from any thread; calls are performed on the server's own platform threads, whose number bounds how many
/// run at once.
public final class FileServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(FileServer.class);
    /// From here on a frame goes over the link for bulk.
    static final int BULK_BYTES = 16 << 10;

    /// What is worth telling of: half a second on a link of 100 Mbit/s.
    private static final long LARGE_BYTES = 8 << 20;

    private static final Duration LATELY = Duration.ofSeconds(10);

    /// How often locks that programs at home may have released are tried for.
    private static final long LOCK_RETRY_MILLIS = 20;

    /// The kernel tells of a close, and of the end of a program, when it is over: who opens the file on another node
    /// after that waits until that has arrived, and longer than it takes.
    private static final long BUSY_MILLIS = 2_000;

    private static final long BUSY_RETRY_MILLIS = 10;

    /// How soon nodes hear of a mount made at home, changes no longer wait for a node that stays silent, and a new
    /// directory that the configuration names is not served.
    private static final long LOOK_SECONDS = 1;

    /// How soon after a file was removed at home its room is free: looking costs a microsecond for each
    /// descriptor.
    private static final long REMOVED_SECONDS = 5;

    private final FileServerConfig config;
    private final AtomicLong ids;
    private final ProcSelf procSelf = new ProcSelf();
    private final Identities identities = new Identities();
    private final InodeDescriptors descriptors;
    private final Veil veil;
    private final FileStatus rootStatus;
    private final int rootDescriptor;
    private final Guests guests;
    private final LockWaiters waiters = new LockWaiters(this::retryLocksSoon);
    private final LockTable locks;
    private final LockGrace grace;
    private final PerformedLog performed;
    private final Handles handles;
    private final CallPerformer performer;
    private final Map<NodeId, NodeView> views = new ConcurrentHashMap<>();
    private final MountTable mounts = new MountTable();
    private final Leases leases;
    private final Recalls recalls;
    private final Programs programs = new Programs();
    private final InodeShares shares;
    private final AtomicBoolean looking = new AtomicBoolean();
    private final ThreadPoolExecutor threads;
    // two threads: a look at removed files may wait for a file system that hangs, locks may not
    private final ScheduledThreadPoolExecutor clock = new ScheduledThreadPoolExecutor(2, task -> {
        Thread thread = new Thread(task, "files-clock");
        thread.setDaemon(true);
        return thread;
    });

    public FileServer(FileServerConfig config, GuestAuthority authority, EffectListener effects) {
        this.config = config;
        long limit = Rlimit.raise(Rlimit.NOFILE);
        log.info("file server: boot {}, at most {} descriptors in this process", config.boot(), limit);
        ids = new AtomicLong(config.boot() << 32);
        descriptors = new InodeDescriptors(config.maxDescriptors(), identities, procSelf);
        veil = new Veil(config.veiled());
        rootDescriptor = Open.openat(
                Open.AT_FDCWD,
                config.root().toString().getBytes(StandardCharsets.UTF_8),
                Open.O_PATH | Open.O_DIRECTORY | Open.O_CLOEXEC,
                0);
        try {
            rootStatus = Attributes.status(CallFailed.check(rootDescriptor));
        } catch (CallFailed e) {
            throw new IllegalStateException("cannot serve " + config.root() + ": errno " + e.errno, e);
        }
        guests = new Guests(effects, config.maxHandles(), config.maxHandlesPerGuest());
        locks = new LockTable(procSelf, waiters);
        performed = new PerformedLog(config.performedLog());
        handles = new Handles(ids::incrementAndGet, guests, locks, programs);
        Attributes attributes = new Attributes(new InodeNumbers(rootStatus.device()));
        recalls = new Recalls(config.guestLease());
        grace = new LockGrace(recalls.patience(), waiters);
        shares = new InodeShares(config.maxInodes());
        leases = new Leases(config.cookies(), descriptors, identities, views.values(), this::changedAtHome);
        NameCalls names = new NameCalls(descriptors, identities, attributes, leases, veil, procSelf);
        AttributeCalls attributeCalls = new AttributeCalls(descriptors, attributes, leases, programs, procSelf);
        ContentCalls contentCalls = new ContentCalls(
                descriptors, attributes, attributeCalls, names, handles, leases, recalls, programs, procSelf);
        performer = new CallPerformer(
                views.values(),
                authority,
                guests,
                handles,
                locks,
                grace,
                names,
                attributeCalls,
                contentCalls,
                new DirectoryCalls(descriptors, identities, attributes, handles, leases, veil, procSelf),
                new TogetherCalls(names, contentCalls, leases),
                performed,
                leases,
                recalls,
                new HeldNames(views.values(), descriptors, identities, attributes, procSelf),
                config.home(),
                config.boot());
        AtomicLong number = new AtomicLong();
        threads = new ThreadPoolExecutor(
                config.threads(), config.threads(), 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "files-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        clock.setRejectedExecutionHandler(
                new ThreadPoolExecutor.DiscardPolicy()); // who waits at the end, waits for nothing
        leases.watch().start();
    }

    private void changedAtHome(List<Change> changes) {
        recalls.takeBack(null, () -> leases.changed(null, changes), () -> {});
    }

    /// From when a node first asks for files. Until then this home has told nobody anything that could change.
    private void startLooking() {
        if (looking.getAndSet(true)) return;
        veil.look();
        var _ = clock.scheduleWithFixedDelay(this::look, LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
        var _ = clock.scheduleWithFixedDelay(
                descriptors::releaseRemoved, REMOVED_SECONDS, REMOVED_SECONDS, TimeUnit.SECONDS);
    }

    /// One wake-up a second for all that may wait so long.
    private void look() {
        try {
            views.values().forEach(recalls::giveUpOverdue);
            grace.giveUpOverdue();
            veil.look();
            if (mounts.hasChanged()) changedAtHome(List.of(new Change.Anything()));
        } catch (RuntimeException e) {
            log.error("this second's look failed; the next one follows", e);
        }
    }

    private void retryLocksSoon() {
        var _ = clock.schedule(waiters::retryAll, LOCK_RETRY_MILLIS, TimeUnit.MILLISECONDS);
    }

    /// A node with guests that were there before this server began: they may believe what the one before has
    /// promised. Changes wait until that node has heard of this server, as for any that is told of them. Call
    /// before the first frame.
    public void expect(NodeId node) {
        NodeView view = views.computeIfAbsent(node, this::newView);
        recalls.expect(view);
        grace.expect(view);
    }

    /// A frame from a guest's node, over a link that this home dialled. The caller keeps and releases the
    /// frame.
    public void onFrame(NodeId node, LinkClass linkClass, ByteBuf frame, ReplySender sender) {
        NodeView view = views.computeIfAbsent(node, this::newView);
        FileCall call;
        try {
            call = CallCodec.decode(frame);
        } catch (MalformedFileFrame e) {
            log.warn("node {} sent a malformed file call over {}: {}", node, linkClass, e.getMessage());
            refuseMalformed(frame, sender);
            return;
        }
        if (call.operation() instanceof FileOperation.Cancel(long callId)) {
            waiters.cancel(view, callId);
            return;
        }
        if (call.operation() instanceof FileOperation.Recalled(long number)) {
            recalls.acknowledged(view, number);
            return;
        }
        if (view.calls.incrementAndGet() > config.maxCallsPerNode()) {
            view.calls.decrementAndGet();
            log.warn("node {} has more than {} file calls under way", node, config.maxCallsPerNode());
            release(call);
            send(sender, new FileReply.Failed(call.id(), Errno.EAGAIN));
            return;
        }
        if (CallPerformer.onlyOnce(call.operation())) {
            switch (view.memory.begin(call.id(), sender)) {
                case ReplyMemory.Verdict.Perform() -> {}
                case ReplyMemory.Verdict.Wait() -> {
                    ended(view, call);
                    return;
                }
                case ReplyMemory.Verdict.Repeat(FileReply reply) -> {
                    ended(view, call);
                    send(sender, reply);
                    return;
                }
            }
        }
        execute(view, call, sender);
    }

    /// A call that comes when this server is closed is dropped: the node sends it again to the one after it.
    private void execute(NodeView view, FileCall call, ReplySender sender) {
        execute(view, call, () -> perform(view, call, sender));
    }

    private void execute(NodeView view, FileCall call, Runnable task) {
        try {
            threads.execute(task);
        } catch (RejectedExecutionException e) {
            log.debug("dropped call {} of node {}: closed", call.id(), view.node);
            ended(view, call);
        }
    }

    private NodeView newView(NodeId node) {
        startLooking();
        // each view has a root of its own, which shares nothing with another node's
        Inode root = new Inode(Inode.ROOT, identities.of(rootStatus, rootDescriptor), null, Bytes.EMPTY, false, false);
        descriptors.adopt(root, rootDescriptor);
        return new NodeView(
                node,
                new InodeTable(root, shares.most(), ids::incrementAndGet, descriptors, leases::forgotten),
                new ReplyMemory(config.rememberedReplies()));
    }

    /// What is about to be written is opened by no other node without asking first, and who runs it there is known.
    private void perform(NodeView view, FileCall call, ReplySender sender) {
        Identity written = views.size() == 1 ? null : CallPerformer.written(view, call.operation());
        boolean firstHello = call.operation() instanceof FileOperation.Hello && view.mountId == 0;
        Attempt attempt = new Attempt(view, call, sender, new ArrayList<>(0), firstHello, written, System.nanoTime());
        if (written == null) {
            perform(attempt);
            return;
        }
        programs.asks(view, written);
        Thread here = Thread.currentThread();
        recalls.takeBack(view, () -> leases.writing(view, written), () -> {
            if (Thread.currentThread() == here) perform(attempt);
            else execute(view, call, () -> perform(attempt));
        });
    }

    /// A call until it is answered.
    ///
    /// @param written the file that it opens for writing, or cuts; else null
    private record Attempt(
            NodeView view,
            FileCall call,
            ReplySender sender,
            List<Change> changes,
            boolean firstHello,
            Identity written,
            long sinceNanos) {
        boolean mayWait() {
            return System.nanoTime() - sinceNanos < BUSY_MILLIS * 1_000_000;
        }
    }

    private void perform(Attempt attempt) {
        NodeView view = attempt.view;
        FileCall call = attempt.call;
        CallPerformer.Outcome outcome = outcome(view, call, attempt.changes);
        if (outcome instanceof CallPerformer.Outcome.PerhapsSoon(int errno)) {
            if (attempt.mayWait()) {
                var _ = clock.schedule(
                        () -> execute(view, call, () -> perform(attempt)), BUSY_RETRY_MILLIS, TimeUnit.MILLISECONDS);
                return;
            }
            outcome = new CallPerformer.Outcome.Reply(new FileReply.Failed(call.id(), errno));
        }
        if (attempt.written != null) programs.asked(view, attempt.written);
        answer(attempt, outcome);
    }

    private void answer(Attempt attempt, CallPerformer.Outcome outcome) {
        NodeView view = attempt.view;
        FileCall call = attempt.call;
        ReplySender sender = attempt.sender;
        switch (outcome) {
            case CallPerformer.Outcome.Frame(ByteBuf frame) -> send(sender, frame);
            case CallPerformer.Outcome.PerhapsSoon _ -> throw new IllegalStateException("answered as a failure");
            case CallPerformer.Outcome.Reply(FileReply reply) -> {
                done(view, call, reply);
                if (!attempt.changes.isEmpty()) {
                    recalls.takeBack(view, () -> leases.changed(view, attempt.changes), () -> {
                        reply(view, call, reply, sender);
                        ended(view, call);
                    });
                    return;
                }
                reply(view, call, reply, sender);
                if (call.operation() instanceof FileOperation.Hello) {
                    recalls.linked(view, attempt.firstHello, sender);
                    if (view.mountId != 0) shares.arrived(view, views.values(), recalls);
                }
            }
            case CallPerformer.Outcome.Silence() -> {}
            case CallPerformer.Outcome.Blocked(OpenHandle handle) -> {
                block(view, call, handle, sender);
                return;
            }
        }
        ended(view, call);
    }

    /// Also of a call that fails in an unforeseen way: what it has changed until then is in `changes`.
    private CallPerformer.Outcome outcome(NodeView view, FileCall call, List<Change> changes) {
        try {
            return performer.perform(view, call, changes);
        } catch (RuntimeException | Error e) {
            log.error("file call {} of node {} failed", call, view.node, e);
            return new CallPerformer.Outcome.Reply(new FileReply.Failed(call.id(), Errno.EIO));
        }
    }

    /// A lock is in the way: the call waits without a thread, and does not count as under way.
    private void block(NodeView view, FileCall call, OpenHandle handle, ReplySender sender) {
        view.calls.decrementAndGet();
        try {
            waiters.await(new LockWaiters.Waiting(
                    view,
                    call.id(),
                    handle.guest,
                    handle.inode,
                    () -> {
                        view.calls.incrementAndGet();
                        execute(view, call, sender);
                    },
                    errno -> answer(view, call, new FileReply.Failed(call.id(), errno), sender)));
        } catch (CallFailed e) {
            answer(view, call, new FileReply.Failed(call.id(), e.errno), sender);
        }
    }

    private void answer(NodeView view, FileCall call, FileReply reply, ReplySender sender) {
        done(view, call, reply);
        reply(view, call, reply, sender);
    }

    private void done(NodeView view, FileCall call, FileReply reply) {
        if (call.operation() instanceof FileOperation.SetLock) waiters.answered(view, call.id());
        if (CallPerformer.changes(call.operation()))
            performed.performed(view.mountId, call.id(), CallPerformer.outcome(reply));
    }

    private static void reply(NodeView view, FileCall call, FileReply reply, ReplySender sender) {
        ReplySender to = sender;
        if (CallPerformer.onlyOnce(call.operation()))
            to = view.memory.finish(call.id(), CallPerformer.withoutData(reply), sender);
        send(to, reply);
        CallPerformer.release(reply);
    }

    private static void ended(NodeView view, FileCall call) {
        view.calls.decrementAndGet();
        release(call);
    }

    private static void release(FileCall call) {
        if (call.operation() instanceof FileOperation.Write write) write.data().release();
    }

    private static void refuseMalformed(ByteBuf frame, ReplySender sender) {
        try {
            send(sender, new FileReply.Failed(CallCodec.id(frame), Errno.EPROTO));
        } catch (MalformedFileFrame e) {
            log.debug("no reply to a frame without a call id: {}", e.getMessage());
        }
    }

    private static void send(ReplySender sender, FileReply reply) {
        send(sender, ReplyCodec.encode(reply, ByteBufAllocator.DEFAULT));
    }

    private static void send(ReplySender sender, ByteBuf frame) {
        sender.send(frame.readableBytes() >= BULK_BYTES ? LinkClass.BULK : LinkClass.FILES, frame);
    }

    /// Runs the task when nothing that was changed at home before is believed otherwise on that node any
    /// more: to be awaited before a job starts there. May run it at once.
    public void whenKnown(NodeId node, Runnable task) {
        NodeView view = views.get(node);
        if (view == null) task.run();
        else leases.watch().whenTold(() -> recalls.whenCaughtUp(view, task));
    }

    /// Whether a node has not acknowledged for a while what it was told. Its guests may believe what is not
    /// so any more, and must not be told that their home is well.
    public boolean isBehind(NodeId node) {
        NodeView view = views.get(node);
        return view != null && recalls.isBehind(view);
    }

    /// A link to a node is up.
    public void onLinkUp(NodeId node, ReplySender sender) {
        NodeView view = views.get(node);
        if (view != null) recalls.reachable(view, sender);
    }

    /// The link for small frames to a node broke. Nothing is lost: the node comes back, or its guests are ended.
    public void onLinkDown(NodeId node) {
        NodeView view = views.get(node);
        if (view != null) recalls.unreachable(view);
        log.debug("file link to {} is down; it has {} handles", node, handlesOf(node));
    }

    /// Fences a guest: when this returns, no call of it changes anything any more, and its files are closed.
    public void guestEnded(GuestKey guest) {
        guests.end(guest);
        for (NodeView view : views.values())
            for (OpenHandle handle : view.handles.values())
                if (handle.guest.equals(guest)) handles.release(view, handle);
        locks.guestEnded(guest);
        performer.guestEnded(guest);
        guests.remove(guest);
    }

    /// Whether a guest waits for a lock.
    public boolean waitsForLock(GuestKey guest) {
        return waiters.hasAnyOf(guest);
    }

    /// Gives what a guest has locked to the one that is made from it, too: from now on it is free when both are over.
    ///
    /// @return false if that one has not asked for just the same locks
    public boolean carryLocks(GuestKey former, GuestKey next) {
        return locks.carry(former, next, views.values());
    }

    /// Large files that a guest is reading or writing now.
    public List<FileTransfer> transfersOf(GuestKey guest) {
        List<FileTransfer> transfers = new ArrayList<>();
        for (NodeView view : views.values())
            for (OpenHandle handle : view.handles.values()) {
                if (!handle.guest.equals(guest)) continue;
                FileTransfer transfer = handle.transfer(LARGE_BYTES, LATELY.toNanos());
                if (transfer != null) transfers.add(transfer);
            }
        return transfers;
    }

    /// Open files of a node's guests here.
    public int handlesOf(NodeId node) {
        NodeView view = views.get(node);
        return view == null ? 0 : view.handles.size();
    }

    /// Inodes that a node knows.
    public int inodesOf(NodeId node) {
        NodeView view = views.get(node);
        return view == null ? 0 : view.inodes.size();
    }

    /// O_PATH descriptors open now.
    public int openDescriptors() {
        return descriptors.open();
    }

    @Override
    public void close() {
        clock.shutdownNow();
        leases.watch().close();
        threads.shutdown();
        try {
            if (!threads.awaitTermination(10, TimeUnit.SECONDS)) log.warn("file calls still run after 10 s");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (NodeView view : views.values()) {
            for (OpenHandle handle : view.handles.values()) handles.release(view, handle);
            view.inodes.clear();
        }
        Close.close(rootDescriptor);
        performed.close();
        procSelf.close();
    }
}
