package drover.homefs.mount;

import drover.linux.fuse.FuseDevice;
import drover.linux.fuse.FuseOpcode;
import drover.linux.fuse.FuseRequest;
import drover.linux.syscall.Errno;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.file.Bytes;
import drover.protocol.file.Caller;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileReply;
import drover.protocol.file.FileResult;
import drover.protocol.file.MalformedFileFrame;
import drover.protocol.file.RecallCodec;
import drover.protocol.file.ReplyCodec;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The files of one home on this node: takes the kernel's requests from /dev/fuse, asks home, and replies.
/// Keeps no content.
///
/// Thread rule: requests are read by platform threads of its own; an answer is written to the kernel by the
/// thread that brings it. [#beginJob] waits for the kernel and must not be called on such a thread.
public final class HomeMount implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HomeMount.class);
    private static final long CALLER_RETRY_MILLIS = 2;
    private final NodeId home;
    private final FuseDevice device;
    private final boolean resumed;
    private final HomeMountConfig config;
    private final Callers callers;
    private final MountCounters counters = new MountCounters();
    private final KnownNodes nodes = new KnownNodes();
    private final OpenHandles handles = new OpenHandles();
    private final Grants grants;
    private final Conversation conversation;
    private final LocalOpens locals;
    private final Recaller recaller;
    private final ReplyTranslator replies;
    private final AnswersHere here;
    private final Handshake handshake;
    private final Forgotten forgotten;
    private final Released released;
    private final Interrupts interrupts;
    private final Semaphore inFlight;
    private final ScheduledThreadPoolExecutor clock;
    private volatile boolean closed;
    private volatile boolean abandoned;

    public HomeMount(
            NodeId home,
            int fuseDescriptor,
            boolean resumed,
            FrameSender toHome,
            CallerLookup callers,
            HomeMountConfig config) {
        this.home = home;
        this.device = new FuseDevice(fuseDescriptor);
        this.resumed = resumed;
        this.config = config;
        this.callers = new Callers(callers);
        this.grants = new Grants(device, config, counters);
        this.clock = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "mount-" + home + "-clock");
            thread.setDaemon(true);
            return thread;
        });
        clock.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        // what comes after that is for the daemon after this one: the kernel has no answer yet
        clock.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        this.conversation = new Conversation(home, toHome, config, nodes, handles, counters);
        this.forgotten = new Forgotten(conversation, clock);
        this.released = new Released(this::inAMoment, this::released);
        this.locals = new LocalOpens(home, conversation, handles, nodes, new Undone()::release);
        this.recaller =
                new Recaller("mount-" + home + "-recalls", device, nodes, grants, locals, conversation, counters);
        conversation.onRestart(recaller::everything);
        this.replies = new ReplyTranslator(device, nodes, handles, grants, counters, new Undone());
        this.here = new AnswersHere(device, this.callers, nodes, handles, grants, locals, replies, counters);
        this.handshake = new Handshake(home, device, config, grants);
        this.interrupts = new Interrupts(conversation, clock, (call, errno) -> {
            device.replyError(call.unique, errno);
            finished(call);
        });
        this.inFlight = new Semaphore(config.maxCallsInFlight());
    }

    public void start() {
        if (resumed) {
            KernelRelease kernel = KernelRelease.running();
            grants.mayBelieve(kernel.isAtLeast(6, 2));
            int failed = device.resend();
            if (failed < 0)
                log.warn(
                        "the kernel does not send unanswered requests for {} again (errno {}): they fail",
                        home,
                        -failed);
        }
        for (int i = 1; i <= config.readerThreads(); i++) {
            Thread reader = new Thread(this::readRequests, "mount-" + home + "-" + i);
            reader.setDaemon(true);
            reader.start();
        }
    }

    /// Both links to home, for small and for bulk frames, are up.
    public void onLinkUp() {
        conversation.linkUp();
    }

    /// One of the links to home is down: calls wait from now on.
    public void onLinkDown() {
        conversation.linkDown();
    }

    /// A job is about to start here. When this returns, nothing that the kernel has cached before is believed
    /// without asking home, but for what home has promised to take back. Waits for calls under way in
    /// directories that were read lately.
    public void beginJob() {
        grants.expireBrief();
    }

    /// The same if that can be had without waiting. Any thread.
    public boolean beginJobAtOnce() {
        grants.voidCallsUnderWay();
        return grants.nothingIsBrief();
    }

    public MountCounters counters() {
        return counters;
    }

    /// Inodes of home that the kernel knows.
    public int nodes() {
        return nodes.size();
    }

    /// Calls that wait for home's answer.
    public int callsWaiting() {
        return conversation.waiting();
    }

    /// A frame of home's. The caller keeps and releases it.
    public void onFrame(ByteBuf frame) {
        FileReply reply;
        try {
            if (RecallCodec.isRecall(frame)) {
                recaller.recall(RecallCodec.decode(frame));
                return;
            }
            reply = ReplyCodec.decode(frame);
        } catch (MalformedFileFrame e) {
            log.warn("{} sent a malformed file reply: {}", home, e.getMessage());
            return;
        }
        PendingCall call = conversation.take(reply.id());
        try {
            if (call == null) nobodyWaits(reply);
            else if (call.then != null) call.then.accept(reply);
            else {
                answer(call, reply);
                finished(call);
            }
        } finally {
            if (reply instanceof FileReply.Done(long _, FileResult.Data(ByteBuf data))) data.release();
        }
    }

    private void answer(PendingCall call, FileReply reply) {
        Lock answering = grants.answering();
        answering.lock();
        try {
            replies.answer(call, reply);
        } finally {
            answering.unlock();
        }
    }

    private void finished(PendingCall call) {
        handles.notOpened(call.id);
        if (!call.waitsForLock()) inFlight.release();
    }

    /// The caller was killed meanwhile: what home gave is given back.
    private void nobodyWaits(FileReply reply) {
        Undone undone = new Undone();
        if (!(reply instanceof FileReply.Done(long _, FileResult result))) return;
        if (result instanceof FileResult.Entry entry) undone.forget(entry.node(), 1);
        else if (result instanceof FileResult.Created(FileResult.Entry entry, long handle)) {
            undone.release(handle);
            undone.forget(entry.node(), 1);
        } else if (result instanceof FileResult.Opened opened) {
            undone.release(opened.handle());
            opened.prefetched().release();
        }
    }

    private final class Undone implements ReplyTranslator.Undo {
        @Override
        public void forget(long node, long lookups) {
            nodes.forgotten(node, lookups);
            forgotten.add(node, lookups);
        }

        @Override
        public void release(long handle) {
            conversation.ask(new FileOperation.Release(handle, false, 0), Caller.NOBODY, reply -> {});
            handles.released(handle);
        }
    }

    private void readRequests() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(Handshake.MAX_DATA_BYTES + 8_192);
        while (true) {
            switch (device.read(buffer)) {
                case FuseDevice.Incoming.Request(FuseRequest request) -> {
                    if (closed) {
                        // it is for the daemon after this one
                        device.resend();
                        return;
                    }
                    if (abandoned) fail(request);
                    else serve(request);
                }
                case FuseDevice.Incoming.Nothing() -> {}
                case FuseDevice.Incoming.Gone(int errno) -> {
                    if (!closed) log.info("the files of {} are not mounted here any more (errno {})", home, errno);
                    return;
                }
            }
        }
    }

    private void fail(FuseRequest request) {
        switch (request.opcode()) {
            case FuseOpcode.FORGET, FuseOpcode.BATCH_FORGET, FuseOpcode.INTERRUPT -> {} // want no answer
            default -> device.replyError(request.unique(), Errno.EIO);
        }
    }

    private void serve(FuseRequest request) {
        counters.request(request.opcode());
        try {
            switch (request.opcode()) {
                case FuseOpcode.INIT -> handshake.answer(request);
                case FuseOpcode.FORGET -> forget(request.node(), request.body().getLong());
                case FuseOpcode.BATCH_FORGET -> batchForget(request.body());
                case FuseOpcode.INTERRUPT -> interrupt(request);
                case FuseOpcode.DESTROY -> device.replyError(request.unique(), 0);
                case FuseOpcode.IOCTL -> device.replyError(request.unique(), Errno.ENOTTY);
                default -> call(request);
            }
        } catch (RuntimeException | Error e) {
            log.error("request {} of the kernel failed", FuseOpcode.name(request.opcode()), e);
            device.replyError(request.unique(), Errno.EIO);
        }
    }

    private void forget(long node, long lookups) {
        nodes.forgotten(node, lookups);
        forgotten.add(node, lookups);
    }

    private void inAMoment(Runnable task) {
        var _ = clock.schedule(task, Released.GATHER_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void released(List<Released.One> all) {
        List<Long> ids = all.stream().map(Released.One::handle).toList();
        conversation.ask(new FileOperation.ReleaseAll(ids), Caller.NOBODY, reply -> {
            for (Released.One each : all) {
                handles.released(each.handle());
                device.replyError(each.unique(), 0);
            }
        });
    }

    private void batchForget(ByteBuffer body) {
        int count = body.getInt();
        body.getInt();
        for (int i = 0; i < count; i++) forget(body.getLong(), body.getLong());
    }

    private void interrupt(FuseRequest request) {
        long unique = request.body().getLong() & ~FuseRequest.RESENT;
        // the other reader may just be about to make the call: the kernel asks again as long as it waits
        if (!interrupts.add(unique)) device.replyError(request.unique(), Errno.EAGAIN);
    }

    private void call(FuseRequest request) {
        FileOperation translated = RequestTranslator.translate(request, prefetchBytes(request));
        FileOperation operation =
                translated instanceof FileOperation.GetAttributes(long node, long opened) && LocalOpens.isLocal(opened)
                        ? new FileOperation.GetAttributes(node, 0)
                        : translated;
        if (operation == null) {
            device.replyError(request.unique(), Errno.ENOSYS);
            return;
        }
        nodes.changing(operation);
        if (here.answer(request, operation)) return;
        if (operation instanceof FileOperation.Release release
                && !release.unlockFlock()
                && !LocalOpens.isLocal(release.handle())) {
            released.add(new Released.One(request.unique(), release.handle()));
            return;
        }
        Asked asked = new Asked(request);
        long handle = HandleOf.operation(operation);
        if (operation instanceof FileOperation.CopyRange copy && LocalOpens.isLocal(copy.from())) handle = copy.from();
        if (LocalOpens.isLocal(handle)) {
            onLocal(asked, operation, handle);
            return;
        }
        // what loses its name is kept for those who have it open
        long unnamed = switch (operation) {
            case FileOperation.Unlink(long parent, Bytes name) -> nodes.at(parent, name);
            case FileOperation.Rename rename -> nodes.at(rename.newParent(), rename.newName());
            default -> 0;
        };
        if (unnamed == 0) call(asked, operation);
        else locals.secure(unnamed, () -> callLater(asked, operation));
    }

    /// A request's header: the request itself is gone when the next one is read.
    private record Asked(long unique, int opcode, long node, int pid, int uid, int gid, int size) {
        Asked(FuseRequest request) {
            this(
                    request.unique(),
                    request.opcode(),
                    request.node(),
                    request.pid(),
                    request.uid(),
                    request.gid(),
                    RequestTranslator.size(request));
        }
    }

    /// A call on a file that was opened here, without home's knowing.
    private void onLocal(Asked asked, FileOperation operation, long handle) {
        if (operation instanceof FileOperation.Release release) {
            locals.released(asked.node, handle, release.unlockFlock() ? release.lockOwner() : 0);
            counters.answeredHere.increment();
            device.replyError(asked.unique, 0);
            return;
        }
        long homes = locals.homes(asked.node, handle);
        if (operation instanceof FileOperation.Flush flush
                && (homes == 0 || !handles.mustFlush(handles.get(homes), flush.lockOwner()))) {
            counters.answeredHere.increment();
            device.replyError(asked.unique, 0);
            return;
        }
        long lockOwner = operation instanceof FileOperation.SetLock lock && lock.flock() ? lock.owner() : 0;
        locals.withHomes(asked.node, handle, lockOwner, (known, errno) -> {
            if (errno != 0) device.replyError(asked.unique, errno);
            else callLater(asked, LocalOpens.onHomes(operation, known));
        });
    }

    private void call(Asked asked, FileOperation operation) {
        PendingCall call = pending(asked, operation);
        if (!call.waitsForLock()) inFlight.acquireUninterruptibly();
        send(asked, call);
    }

    /// The same on a thread that brings answers, and so must not wait for one.
    private void callLater(Asked asked, FileOperation operation) {
        PendingCall call = pending(asked, operation);
        if (call.waitsForLock() || inFlight.tryAcquire()) send(asked, call);
        else
            clock.execute(() -> {
                inFlight.acquireUninterruptibly();
                send(asked, call);
            });
    }

    private PendingCall pending(Asked asked, FileOperation operation) {
        return new PendingCall(
                asked.unique & ~FuseRequest.RESENT,
                asked.unique,
                asked.opcode,
                asked.node,
                asked.pid,
                asked.size,
                operation,
                grants.generation(),
                null);
    }

    private void send(Asked asked, PendingCall call) {
        FileOperation operation = call.operation;
        KnownHandle handle = handles.get(HandleOf.operation(operation));
        if (handle != null) {
            ask(call, handle.opener);
        } else if (HandleOf.operation(operation) != 0) {
            ask(call, Caller.NOBODY);
        } else {
            callAs(call, asked.uid, asked.gid, System.nanoTime());
        }
    }

    /// A thread that prepares a guest may ask before the daemon has heard that it is one.
    private void callAs(PendingCall call, int uid, int gid, long sinceNanos) {
        Optional<GuestKey> guest = callers.guestOf(call.pid);
        if (guest.isPresent()) {
            Caller caller = Caller.of(guest.get(), uid, gid);
            if (opens(call.operation)) handles.opening(call.id, caller);
            ask(call, caller);
        } else if (System.nanoTime() - sinceNanos < config.callerPatience().toNanos()) {
            var _ = clock.schedule(
                    () -> callAs(call, uid, gid, sinceNanos), CALLER_RETRY_MILLIS, TimeUnit.MILLISECONDS);
        } else {
            log.warn(
                    "refused {} of thread {}, uid {}, which is of no guest of {}",
                    FuseOpcode.name(call.opcode),
                    call.pid,
                    uid,
                    home);
            device.replyError(call.unique, Errno.EACCES);
            finished(call);
        }
    }

    private void ask(PendingCall call, Caller caller) {
        conversation.call(call, caller);
        if (abandoned && conversation.take(call.id) != null) device.replyError(call.unique, Errno.EIO);
    }

    private static boolean opens(FileOperation operation) {
        return operation instanceof FileOperation.Open
                || operation instanceof FileOperation.OpenDirectory
                || operation instanceof FileOperation.Create
                || operation instanceof FileOperation.TemporaryFile;
    }

    /// Content comes along with an open unless the kernel may have it already.
    private int prefetchBytes(FuseRequest request) {
        if (request.opcode() != FuseOpcode.OPEN) return 0;
        KnownNode node = nodes.get(request.node());
        return node == null || node.contentKnown() ? 0 : config.prefetchBytes();
    }

    /// The keeper is gone, and its guests are being killed: whatever they still ask fails, since they would
    /// not die while they wait for an answer.
    public void abandon() {
        abandoned = true;
        conversation.linkDown();
        for (PendingCall call : conversation.takeAll()) if (call.unique != 0) device.replyError(call.unique, Errno.EIO);
        recaller.close();
        clock.shutdownNow();
    }

    /// Stops serving; the mount itself stays, for the daemon after this one.
    @Override
    public void close() {
        closed = true;
        conversation.linkDown();
        recaller.close();
        clock.shutdownNow();
    }
}
