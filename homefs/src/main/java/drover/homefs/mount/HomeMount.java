package drover.homefs.mount;

import drover.homefs.cache.BlockStore;
import drover.linux.fuse.FuseDevice;
import drover.linux.fuse.FuseOpcode;
import drover.linux.fuse.FuseRequest;
import drover.linux.syscall.Errno;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.file.Bytes;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The files of one home on this node: takes the kernel's requests from /dev/fuse, asks home, and replies.
///
/// Thread rule: requests are read by platform threads of its own; an answer is written to the kernel by the
/// thread that brings it. [#beginJob] waits for the kernel and must not be called on such a thread.
public final class HomeMount implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HomeMount.class);
    private final NodeId home;
    private final FuseDevice device;
    private final boolean resumed;
    private final HomeMountConfig config;
    private final MountCounters counters = new MountCounters();
    private final KnownNodes nodes = new KnownNodes();
    private final OpenHandles handles = new OpenHandles();
    private final Grants grants;
    private final Conversation conversation;
    private final Pruning pruning;
    private final Recaller recaller;
    private final Ahead ahead;
    private final HashedReads hashed;
    private final Handshake handshake;
    private final GivenBack back;
    private final GuestCalls calls;
    private final HomeFrames frames;
    private final ScheduledThreadPoolExecutor clock;
    private final KernelNotes notes;
    private final AtomicInteger serving = new AtomicInteger();
    private volatile boolean closed;
    private volatile boolean abandoned;

    /// Serves a mount that the kernel has.
    ///
    /// @param resumed whether another daemon served it before
    /// @param store shared by the mounts of all homes
    public HomeMount(
            NodeId home,
            int fuseDescriptor,
            boolean resumed,
            FrameSender toHome,
            CallerLookup callers,
            BlockStore store,
            HomeMountConfig config) {
        this.home = home;
        this.device = new FuseDevice(fuseDescriptor);
        this.resumed = resumed;
        this.config = config;
        this.grants = new Grants(device, config, counters);
        this.clock = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "mount-" + home + "-clock");
            thread.setDaemon(true);
            return thread;
        });
        clock.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        // what comes after that is for the daemon after this one: the kernel has no answer yet
        clock.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        Restarts restarts = new Restarts(home, nodes, handles, resumed);
        this.conversation = new Conversation(home, toHome, config, restarts, counters);
        this.back = new GivenBack(nodes, handles, conversation, new Forgotten(conversation, clock));
        LocalOpens locals = new LocalOpens(home, conversation, handles, nodes, back::release);
        this.pruning = new Pruning("mount-" + home + "-pruning", device, nodes, handles, locals, config.mostNodes());
        nodes.onGrowth(pruning::grown);
        if (resumed) nodes.resumed();
        this.notes = config.notes().map(file -> keepNotes(file, restarts)).orElse(null);
        this.ahead = new Ahead(back::neverUsed);
        Walks walks = new Walks();
        this.recaller = new Recaller(
                "mount-" + home + "-recalls", device, nodes, grants, locals, pruning, ahead, conversation, counters);
        conversation.onRestart(() -> {
            recaller.everything();
            back.homeIsAnother();
        });
        ReplyTranslator replies = new ReplyTranslator(device, nodes, handles, grants, walks, counters, back);
        this.hashed = new HashedReads(
                "mount-" + home + "-content-", nodes, grants, locals, conversation, replies, store, counters);
        Callers known = new Callers(callers);
        AnswersHere here =
                new AnswersHere(device, known, nodes, handles, grants, locals, replies, ahead, walks, counters);
        AheadCalls aheadCalls = new AheadCalls(
                ahead, walks, nodes, handles, grants, conversation, replies, back, pruning, counters, clock);
        this.handshake = new Handshake(home, device, config, grants);
        this.calls = new GuestCalls(
                home,
                device,
                config,
                known,
                nodes,
                handles,
                grants,
                conversation,
                locals,
                hashed,
                here,
                aheadCalls,
                counters,
                clock);
        this.frames = new HomeFrames(home, conversation, recaller, grants, replies, calls, aheadCalls, back);
    }

    /// Null if it cannot be done: then guests lose their files when this daemon is restarted, and go on until then.
    private KernelNotes keepNotes(Path file, Restarts restarts) {
        try {
            KernelNotes.Noted noted = resumed ? KernelNotes.read(file) : KernelNotes.Noted.NOTHING;
            KernelNotes begun = KernelNotes.begin(file, noted);
            restarts.noteIn(begun, noted);
            nodes.noteIn(begun);
            handles.noteIn(begun);
            grants.noteIn(begun, noted.believed());
            return begun;
        } catch (IOException e) {
            log.error("cannot keep notes in {} of what the kernel knows of this home's files", file, e);
            return null;
        }
    }

    public void start() {
        KernelRelease kernel = KernelRelease.running();
        if (!kernel.isAtLeast(6, 18)) pruneByName();
        if (resumed) {
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
    /// without asking home, but for what home, as it runs now, has promised to take back. Waits for home, and
    /// for calls under way in directories that were read lately.
    public void beginJob() {
        try {
            conversation.awaitUp();
            recaller.awaitUpToDate();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed: its guest will ask the next daemon
        }
        grants.expireBrief();
    }

    /// The same if that can be had without waiting. Any thread.
    public boolean beginJobAtOnce() {
        grants.voidCallsUnderWay();
        return conversation.isUp() && recaller.isUpToDate() && grants.nothingIsBrief();
    }

    /// A guest has been made here from another. What it holds was found by names that lead nowhere any more: the kernel
    /// forgets them, so that these files have none to it, as before. Waits for calls under way in the root.
    public void dropHeldNames() {
        for (Bytes name : nodes.takeHeld()) device.dropEntry(KnownNodes.ROOT, name.array());
    }

    /// A guest here is about to be held, to go on elsewhere.
    public void leaving(GuestKey guest) {
        handles.leaving(guest);
    }

    /// The locks that it holds, when it is held and all its descriptors were asked about. A lock is missing if it is
    /// not
    /// known by which descriptor it is held.
    public List<GuestLock> locksOf(GuestKey guest) {
        return handles.placesOfLocks(guest);
    }

    /// It has left, or stays.
    public void notLeaving(GuestKey guest) {
        handles.notLeaving(guest);
    }

    /// A guest is about to be made here from another. Until [#arrived] what makes it may close files without ending
    /// its locks.
    public void arriving(GuestKey guest) {
        handles.arriving(guest);
    }

    /// It runs from now on, or never will.
    public void arrived(GuestKey guest) {
        handles.arrived(guest);
    }

    public MountCounters counters() {
        return counters;
    }

    /// Inodes of home that the kernel knows.
    public int nodes() {
        return nodes.size();
    }

    /// Before Linux 6.18 the kernel cannot be asked to forget what nobody uses, only to forget names.
    public void pruneByName() {
        pruning.byName();
    }

    /// This node serves so many homes, and has memory for their inodes together.
    public void isOneOf(int homes) {
        pruning.isOneOf(homes);
    }

    /// Calls that wait for home's answer.
    public int callsWaiting() {
        return conversation.waiting();
    }

    /// Requests of the kernel that are being taken up now. None more when it is closed.
    public int serving() {
        return serving.get();
    }

    /// A frame of home's. The caller keeps and releases it.
    public void onFrame(ByteBuf frame) {
        frames.take(frame);
    }

    private void readRequests() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(Handshake.MAX_DATA_BYTES + 8_192);
        while (true) {
            switch (device.read(buffer)) {
                case FuseDevice.Incoming.Request(FuseRequest request) -> {
                    serving.incrementAndGet();
                    try {
                        if (closed) {
                            // it is for the daemon after this one
                            device.resend();
                            return;
                        }
                        if (abandoned) fail(request);
                        else serve(request);
                    } finally {
                        serving.decrementAndGet();
                    }
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
                case FuseOpcode.FORGET ->
                    back.forget(request.node(), request.body().getLong());
                case FuseOpcode.BATCH_FORGET -> batchForget(request.body());
                case FuseOpcode.INTERRUPT -> calls.interrupt(request);
                case FuseOpcode.DESTROY -> device.replyError(request.unique(), 0);
                case FuseOpcode.IOCTL -> device.replyError(request.unique(), Errno.ENOTTY);
                default -> calls.take(request);
            }
        } catch (RuntimeException | Error e) {
            log.error("request {} of the kernel failed", FuseOpcode.name(request.opcode()), e);
            device.replyError(request.unique(), Errno.EIO);
        }
    }

    private void batchForget(ByteBuffer body) {
        int count = body.getInt();
        body.getInt();
        for (int i = 0; i < count; i++) back.forget(body.getLong(), body.getLong());
    }

    /// The keeper is gone, and its guests are being killed: whatever they still ask fails, since they would
    /// not die while they wait for an answer.
    public void abandon() {
        abandoned = true;
        conversation.abandon(call -> device.replyError(call.unique, Errno.EIO));
        recaller.close();
        pruning.close();
        clock.shutdownNow();
        if (notes != null) notes.close();
    }

    /// Stops serving; the mount itself stays, for the daemon after this one.
    @Override
    public void close() {
        closed = true;
        back.giveBackAll(ahead);
        conversation.end();
        recaller.close();
        pruning.close();
        hashed.close();
        clock.shutdownNow();
        // notes go on to the end of this process: so may replies to the kernel
    }
}
