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
import drover.protocol.file.HeldName;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The kernel's requests, answered on this node or made into calls of home, under the caller's name.
///
/// Thread rule: [#take] and [#interrupt] on the threads that read requests, [#finished] on any.
final class GuestCalls {
    private static final Logger log = LoggerFactory.getLogger(GuestCalls.class);
    private static final int PERMISSIONS =
            FileOperation.SetAttributes.MODE | FileOperation.SetAttributes.UID | FileOperation.SetAttributes.GID;
    private static final long CALLER_RETRY_MILLIS = 2;
    private static final long INTERRUPT_RETRY_MILLIS = 20;

    private final NodeId home;
    private final FuseDevice device;
    private final HomeMountConfig config;
    private final Callers callers;
    private final KnownNodes nodes;
    private final OpenHandles handles;
    private final Grants grants;
    private final Conversation conversation;
    private final LocalOpens locals;
    private final HashedReads hashed;
    private final AnswersHere here;
    private final AheadCalls ahead;
    private final MountCounters counters;
    private final ScheduledExecutorService clock;
    private final Interrupts interrupts;
    private final Released released;
    private final Semaphore inFlight;

    GuestCalls(
            NodeId home,
            FuseDevice device,
            HomeMountConfig config,
            Callers callers,
            KnownNodes nodes,
            OpenHandles handles,
            Grants grants,
            Conversation conversation,
            LocalOpens locals,
            HashedReads hashed,
            AnswersHere here,
            AheadCalls ahead,
            MountCounters counters,
            ScheduledExecutorService clock) {
        this.home = home;
        this.device = device;
        this.config = config;
        this.callers = callers;
        this.nodes = nodes;
        this.handles = handles;
        this.grants = grants;
        this.conversation = conversation;
        this.locals = locals;
        this.hashed = hashed;
        this.here = here;
        this.ahead = ahead;
        this.counters = counters;
        this.clock = clock;
        this.interrupts = new Interrupts(conversation, clock, (call, errno) -> {
            device.replyError(call.unique, errno);
            finished(call);
        });
        this.released = new Released(this::inAMoment, this::released);
        this.inFlight = new Semaphore(config.maxCallsInFlight());
    }

    void take(FuseRequest request) {
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
        ahead.changing(operation, request.node());
        if (here.answer(request, operation)) return;
        if (operation instanceof FileOperation.Release release
                && !release.unlockFlock()
                && !LocalOpens.isLocal(release.handle())) {
            released.add(new Released.One(request.unique(), release.handle()));
            return;
        }
        Asked asked = new Asked(request);
        if (wasAskedAhead(asked, operation)) return;
        if (operation instanceof FileOperation.Read read
                && config.notes().isEmpty() // at home the content is nearer than its hash
                && hashed.takes(asked.unique, asked.node, read, () -> askHome(asked, read))) return;
        askHome(asked, operation);
    }

    /// Whether it is answered by what home was asked for before, now or when that arrives.
    private boolean wasAskedAhead(Asked asked, FileOperation operation) {
        boolean opens = operation instanceof FileOperation.Open open && LocalOpens.reads(open);
        if (!opens && !(operation instanceof FileOperation.Lookup(long _, Bytes name) && !HeldName.is(name)))
            return false;
        Optional<GuestKey> guest = callers.guestOf(asked.pid);
        if (guest.isEmpty()) return false;
        Caller caller = Caller.of(guest.get(), asked.uid, asked.gid);
        Runnable otherwise = () -> callLater(asked, operation);
        if (operation instanceof FileOperation.Lookup lookup)
            return ahead.lookUp(pending(asked, lookup), lookup, caller, otherwise);
        return operation instanceof FileOperation.Open open
                && ahead.open(
                        asked.unique, open.node(), caller, () -> here.open(asked.unique, asked.pid, open), otherwise);
    }

    void interrupt(FuseRequest request) {
        long unique = request.body().getLong() & ~FuseRequest.RESENT;
        hashed.giveUp(unique); // then it is a call
        ahead.giveUp(unique);
        if (interrupts.add(unique)) return;
        // it may just be about to become a call; the kernel asks again as long as it waits
        long interrupt = request.unique(); // by then the request's buffer holds another, which must not get this answer
        var _ = clock.schedule(
                () -> device.replyError(interrupt, Errno.EAGAIN), INTERRUPT_RETRY_MILLIS, TimeUnit.MILLISECONDS);
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

    /// Home has answered, or nobody will.
    void finished(PendingCall call) {
        handles.notOpened(call.id);
        if (!call.waitsForLock()) inFlight.release();
    }

    private void askHome(Asked asked, FileOperation operation) {
        long handle = operation.openedHandle();
        if (operation instanceof FileOperation.CopyRange copy && LocalOpens.isLocal(copy.from())) handle = copy.from();
        if (LocalOpens.isLocal(handle)) {
            onLocal(asked, operation, handle);
            return;
        }
        // what loses its name, or is open to fewer, is kept for those who have it open
        long kept = switch (operation) {
            case FileOperation.Unlink(long parent, Bytes name) -> nodes.at(parent, name);
            case FileOperation.Rename rename -> nodes.at(rename.newParent(), rename.newName());
            case FileOperation.SetAttributes set when (set.valid() & PERMISSIONS) != 0 -> closed(set.node());
            case FileOperation.SetXattr set when KnownNode.isAcl(set.name()) -> closed(set.node());
            case FileOperation.RemoveXattr removed when KnownNode.isAcl(removed.name()) -> closed(removed.node());
            default -> 0;
        };
        if (kept == 0) call(asked, operation);
        else locals.secure(kept, () -> callLater(asked, operation));
    }

    /// From now on home is asked at each open. Returns the node.
    private long closed(long id) {
        KnownNode node = nodes.get(id);
        if (node != null && node.isOpenToAll()) grants.voidCallsUnderWay(() -> node.openToAll(false));
        return id;
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
            if (errno != 0) {
                // of a mapped file it ends the guest by SIGBUS, without another word
                log.warn("{} does not open node {} for {}: errno {}", home, asked.node, operation, errno);
                device.replyError(asked.unique, errno);
            } else callLater(asked, LocalOpens.onHomes(operation, known));
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
        KnownHandle handle = handles.get(operation.openedHandle());
        if (handle != null) {
            conversation.call(call, handle.opener);
        } else if (operation.openedHandle() != 0) {
            conversation.call(call, Caller.NOBODY);
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
            conversation.call(call, caller);
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
            // a name that cannot be looked up again is taken for deleted, for all guests
            device.replyError(call.unique, call.operation instanceof FileOperation.Lookup ? Errno.EINTR : Errno.EACCES);
            finished(call);
        }
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
}
