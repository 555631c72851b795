package drover.homefs.server;

import drover.homefs.server.NodeView.Call;
import drover.linux.syscall.Errno;
import drover.linux.syscall.Open;
import drover.model.Credentials;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.file.CallCodec;
import drover.protocol.file.Caller;
import drover.protocol.file.FileCall;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileReply;
import drover.protocol.file.FileResult;
import drover.protocol.file.HeldName;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Collection;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Checks who calls, assumes the caller's rights, and performs the call.
final class CallPerformer {
    private static final Logger log = LoggerFactory.getLogger(CallPerformer.class);
    private static final FileResult OK = new FileResult.Ok();
    private static final int GUEST_WRITES = Open.O_TRUNC;

    /// What came of a call.
    sealed interface Outcome {
        record Reply(FileReply reply) implements Outcome {}

        /// A reply that was built as a frame straight away.
        record Frame(ByteBuf frame) implements Outcome {}

        record Silence() implements Outcome {}

        /// Fails like this, unless it is tried again in a moment and what is in the way is gone.
        record PerhapsSoon(int errno) implements Outcome {}

        /// A lock on this inode is in the way, and the caller waits for it.
        record Blocked(OpenHandle handle) implements Outcome {}
    }

    private final GuestAuthority authority;
    private final Guests guests;
    private final Handles handles;
    private final LockTable locks;
    private final LockGrace grace;
    private final NameCalls names;
    private final AttributeCalls attributes;
    private final ContentCalls contents;
    private final DirectoryCalls directories;
    private final TogetherCalls together;
    private final PerformedLog performed;
    private final NodeId home;
    private final Leases leases;
    private final Recalls recalls;
    private final long boot;
    private final Collection<NodeView> views;
    private final RestoringSockets restoringSockets;
    private final HeldNames heldNames;

    CallPerformer(
            Collection<NodeView> views,
            GuestAuthority authority,
            Guests guests,
            Handles handles,
            LockTable locks,
            LockGrace grace,
            NameCalls names,
            AttributeCalls attributes,
            ContentCalls contents,
            DirectoryCalls directories,
            TogetherCalls together,
            PerformedLog performed,
            Leases leases,
            Recalls recalls,
            HeldNames heldNames,
            NodeId home,
            long boot) {
        this.views = views;
        this.authority = authority;
        this.guests = guests;
        this.handles = handles;
        this.locks = locks;
        this.grace = grace;
        this.names = names;
        this.attributes = attributes;
        this.contents = contents;
        this.directories = directories;
        this.together = together;
        this.performed = performed;
        this.leases = leases;
        this.recalls = recalls;
        this.home = home;
        this.boot = boot;
        this.heldNames = heldNames;
        restoringSockets = new RestoringSockets(names, attributes);
    }

    void guestEnded(GuestKey guest) {
        restoringSockets.ended(guest);
    }

    /// @param changes takes up what the call changes, also if it fails then
    Outcome perform(NodeView view, FileCall call, List<Change> changes) {
        try {
            return switch (call.operation()) {
                case FileOperation.Hello hello -> done(call, hello(view, hello));
                case FileOperation.Forget(List<FileOperation.Forgotten> nodes) -> {
                    for (var forgotten : nodes) view.inodes.forget(forgotten.node(), forgotten.lookups());
                    yield new Outcome.Silence();
                }
                case FileOperation.ReviveNodes(List<FileOperation.RevivedNode> nodes) -> {
                    for (var n : nodes)
                        if (n.name().isName())
                            view.inodes.revive(n.node(), n.parent(), n.name(), n.device(), n.inode(), n.lookups());
                    yield done(call, OK);
                }
                case FileOperation.Remind(long node, long handle) -> {
                    if (node == 0 && handle == 0) leases.hasNewDaemon(view);
                    var nodes = view.nodesAfter(node);
                    var held = view.heldAfter(handle);
                    boolean last = nodes.isEmpty() && held.isEmpty();
                    yield done(call, new FileResult.Reminder(nodes, held, last ? locks.of(view) : List.of()));
                }
                case FileOperation.AllRevived() -> {
                    grace.isOver(view);
                    yield done(call, OK);
                }
                case FileOperation.ReleaseAll(List<Long> released) -> {
                    for (long id : released) {
                        OpenHandle handle = view.handles.get(id);
                        if (handle != null) handles.release(view, handle);
                    }
                    yield done(call, OK);
                }
                case FileOperation operation -> guestCall(view, call, operation, changes);
            };
        } catch (CallFailed e) {
            if (e.perhapsSoon) return new Outcome.PerhapsSoon(e.errno);
            return new Outcome.Reply(new FileReply.Failed(call.id(), e.errno, e.lease));
        }
    }

    /// The file that the call opens for writing, or cuts; null if it does neither.
    static Identity written(NodeView view, FileOperation operation) {
        long id = switch (operation) {
            case FileOperation.Open open when Programs.writes(open.flags()) -> open.node();
            case FileOperation.SetAttributes set
            when (set.valid() & FileOperation.SetAttributes.SIZE) != 0 && set.handle() == 0 -> set.node();
            default -> 0;
        };
        if (id == 0) return null;
        try {
            return view.inodes.get(id).identity();
        } catch (CallFailed e) {
            return null; // it hears of that when it is performed
        }
    }

    private FileResult hello(NodeView view, FileOperation.Hello hello) throws CallFailed {
        if (hello.version() != CallCodec.VERSION) {
            log.error(
                    "{} speaks version {} of the file protocol, and this home version {}: its guests get no files; "
                            + "install the same release of drover on both",
                    view.node,
                    hello.version(),
                    CallCodec.VERSION);
            throw new CallFailed(Errno.EPROTO);
        }
        synchronized (view) {
            if (view.mountId != 0 && view.mountId != hello.mountId()) {
                for (OpenHandle handle : view.handles.values()) handles.release(view, handle);
                view.inodes.clear();
                view.memory.clear();
                recalls.begunAnew(view);
            }
            view.mountId = hello.mountId();
        }
        return new FileResult.Welcome(CallCodec.VERSION, boot, 0);
    }

    private Outcome guestCall(NodeView view, FileCall call, FileOperation operation, List<Change> changes)
            throws CallFailed {
        if (operation instanceof FileOperation.Unknown) throw new CallFailed(Errno.ENOSYS);
        long handleId = operation.openedHandle();
        Caller caller = call.caller();
        GuestKey guest = guest(view, caller, handleId);
        Credentials job = authority.credentials(view.node, guest).orElse(null);
        if (job == null) throw over(operation);
        try {
            guests.enter(guest);
        } catch (CallFailed e) {
            throw over(operation);
        }
        try {
            Credentials credentials = handleId != 0 ? view.handle(handleId).credentials : rights(job, caller);
            ActingThread acting = ActingThread.own();
            acting.assume(credentials);
            Call c = new Call(view, guest, credentials, acting, leases.now(), changes);
            if (!changes(operation)) return dispatch(c, call, operation);
            if (isRestoring(c)) {
                FileResult made = restoringSockets.change(c, operation).orElseThrow(() -> new CallFailed(Errno.EROFS));
                return withDirectory(c, operation, done(call, made));
            }
            Long before = performed.before(view.mountId, call.id());
            if (before != null) return done(call, again(c, operation, before));
            guests.effect(guest);
            return withDirectory(c, operation, dispatch(c, call, operation));
        } finally {
            guests.leave(guest);
        }
    }

    /// The guest has ended. Had the lookup of a name failed, its node's kernel would take what it leads to for deleted,
    /// for all guests there; who is only interrupted has found out nothing.
    private static CallFailed over(FileOperation operation) {
        return new CallFailed(operation instanceof FileOperation.Lookup ? Errno.EINTR : Errno.ESTALE);
    }

    /// Without a caller (late writes, read-ahead, release) a call is made for the guest that opened the file.
    private GuestKey guest(NodeView view, Caller caller, long handleId) throws CallFailed {
        if (caller.job() == 0) {
            if (handleId == 0) throw new CallFailed(Errno.EACCES);
            return view.handle(handleId).guest;
        }
        return caller.guest(home).orElseThrow(() -> new CallFailed(Errno.EACCES));
    }

    /// The rights of one caller within its job: a job of root may act as anybody, any other as nobody but its
    /// user. What prepares a guest runs as root before it becomes the user, and is treated as the user.
    private static Credentials rights(Credentials job, Caller caller) throws CallFailed {
        if (job.isRoot()) {
            if (caller.uid() == job.uid() && caller.gid() == job.gid()) return job;
            return new Credentials(caller.uid(), caller.gid(), caller.uid() == 0 ? job.groups() : List.of());
        }
        if (caller.uid() != job.uid() && caller.uid() != 0) throw new CallFailed(Errno.EACCES);
        if (caller.gid() == job.gid() || caller.uid() == 0 || !job.groups().contains(caller.gid())) return job;
        return new Credentials(job.uid(), caller.gid(), job.groups());
    }

    /// Whether the caller is just being made from another guest, on another node.
    private boolean isRestoring(Call c) {
        return authority.former(c.guest()).isPresent();
    }

    private Outcome dispatch(Call c, FileCall call, FileOperation operation) throws CallFailed {
        if (operation instanceof FileOperation.Read read) return new Outcome.Frame(contents.read(c, call.id(), read));
        if (operation instanceof FileOperation.SetLock lock && grace.mustWait(c.view(), lock))
            return new Outcome.Blocked(c.view().handle(lock.handle()));
        if (operation instanceof FileOperation.SetLock lock && lock.waits()) {
            try {
                locks.set(c, lock, isRestoring(c));
            } catch (CallFailed e) {
                if (e.errno != Errno.EAGAIN) throw e;
                return new Outcome.Blocked(c.view().handle(lock.handle()));
            }
            return done(call, OK);
        }
        return done(call, result(c, operation));
    }

    /// What the node's kernel asks for next: the attributes of the directory in which a name was made or
    /// removed.
    private Outcome withDirectory(Call c, FileOperation operation, Outcome outcome) {
        long directory = directoryOf(operation);
        if (directory == 0 || !(outcome instanceof Outcome.Reply(FileReply.Done(long id, FileResult result))))
            return outcome;
        try {
            FileResult.Attributes now = attributes.get(c, directory, 0);
            return new Outcome.Reply(new FileReply.Done(id, new FileResult.InDirectory(result, now)));
        } catch (CallFailed e) {
            return outcome; // removed meanwhile, perhaps; the call itself was performed
        }
    }

    /// Where the call makes or removes one name; 0 if nowhere.
    private static long directoryOf(FileOperation operation) {
        return switch (operation) {
            case FileOperation.Create o -> o.parent();
            case FileOperation.Symlink o -> o.parent();
            case FileOperation.MakeNode o -> o.parent();
            case FileOperation.MakeDirectory o -> o.parent();
            case FileOperation.Link o -> o.newParent();
            case FileOperation.Unlink o -> o.parent();
            case FileOperation.RemoveDirectory o -> o.parent();
            default -> 0;
        };
    }

    /// A guest that is made from another, on another node, opens anew what that one has open. It could have done so
    /// when that one did; whether it still may is not asked, as it would not be if it had not moved.
    private FileResult open(Call c, FileOperation.Open o) throws CallFailed {
        try {
            return contents.open(c, o);
        } catch (CallFailed e) {
            GuestKey former = authority.former(c.guest()).orElse(null);
            if (e.errno != Errno.EACCES || former == null) throw e;
            OpenHandle held = held(former, c.inode(o.node()), o.flags() & Open.O_ACCMODE);
            if (held == null) throw e;
            return contents.openAsHeld(c, o, held);
        }
    }

    /// What that guest has open of a file, with that access or more; null if nothing.
    private OpenHandle held(GuestKey guest, Inode inode, int access) {
        for (NodeView view : views)
            for (OpenHandle handle : view.handles.values()) {
                int has = handle.flags & Open.O_ACCMODE;
                if (handle.guest.equals(guest)
                        && !handle.directory
                        && handle.inode.identity().equals(inode.identity())
                        && (has == access || has == Open.O_RDWR)) return handle;
            }
        return null;
    }

    private FileResult lookUp(Call c, FileOperation.Lookup o) throws CallFailed {
        GuestKey former = authority.former(c.guest()).orElse(null);
        if (former == null) return names.lookup(c, o.parent(), o.name());
        if (o.parent() == Inode.ROOT && HeldName.is(o.name())) return heldNames.lookUp(c, o.name(), former);
        return restoringSockets.lookUp(c, o);
    }

    private FileResult result(Call c, FileOperation operation) throws CallFailed {
        return switch (operation) {
            case FileOperation.Lookup o -> lookUp(c, o);
            case FileOperation.LookUpAll all -> together.lookUp(c, all);
            case FileOperation.GetAttributes(long node, long handle) -> attributes.get(c, node, handle);
            case FileOperation.SetAttributes set -> attributes.set(c, set);
            case FileOperation.ReadLink(long node) -> names.readLink(c, node);
            case FileOperation.Symlink o -> names.symlink(c, o);
            case FileOperation.MakeNode o -> names.makeNode(c, o);
            case FileOperation.MakeDirectory o -> names.makeDirectory(c, o);
            case FileOperation.Unlink(long parent, var name) -> ok(() -> names.unlink(c, parent, name, false));
            case FileOperation.RemoveDirectory(long parent, var name) -> ok(() -> names.unlink(c, parent, name, true));
            case FileOperation.Rename o -> ok(() -> names.rename(c, o));
            case FileOperation.Link o -> names.link(c, o);
            case FileOperation.Open o -> open(c, o);
            case FileOperation.Create o -> contents.create(c, o);
            case FileOperation.TemporaryFile o -> contents.temporaryFile(c, o);
            case FileOperation.Write o -> contents.write(c, o);
            case FileOperation.FileSystemStatus(long node) -> attributes.fileSystem(c, node);
            case FileOperation.Release o -> release(c, o);
            case FileOperation.Flush(long handle, long owner) -> flush(c, handle, owner);
            case FileOperation.Sync o -> ok(() -> contents.sync(c, o));
            case FileOperation.SyncFileSystem(long node) -> ok(() -> contents.syncFileSystem(c, node));
            case FileOperation.SetXattr o -> ok(() -> attributes.setXattr(c, o));
            case FileOperation.GetXattr(long node, var name) -> attributes.getXattr(c, node, name);
            case FileOperation.ListXattr(long node) -> attributes.listXattr(c, node);
            case FileOperation.RemoveXattr(long node, var name) -> ok(() -> attributes.removeXattr(c, node, name));
            case FileOperation.OpenDirectory(long node) -> directories.open(c, node);
            case FileOperation.ReadDirectory o -> directories.read(c, o);
            case FileOperation.Access(long node, int mask) -> ok(() -> attributes.access(c, node, mask));
            case FileOperation.Allocate o -> ok(() -> contents.allocate(c, o));
            case FileOperation.HashBlocks o -> contents.hashes(c, o);
            case FileOperation.Seek o -> contents.seek(c, o);
            case FileOperation.CopyRange o -> contents.copyRange(c, o);
            case FileOperation.TestLock o -> locks.test(c, o);
            case FileOperation.SetLock o -> ok(() -> locks.set(c, o, isRestoring(c)));
            case FileOperation.ReviveHandle o -> reviveHandle(c, o);
            case FileOperation.Hello _,
                    FileOperation.Forget _,
                    FileOperation.Cancel _,
                    FileOperation.Recalled _,
                    FileOperation.ReleaseAll _,
                    FileOperation.ReviveNodes _,
                    FileOperation.Remind _,
                    FileOperation.AllRevived _,
                    FileOperation.Read _,
                    FileOperation.Unknown _ -> throw new CallFailed(Errno.EPROTO);
        };
    }

    /// A call that was performed before home's restart, whose answer did not arrive: what it would answer now.
    private FileResult again(Call c, FileOperation operation, long outcome) throws CallFailed {
        if (outcome < 0) throw new CallFailed((int) -outcome);
        return switch (operation) {
            case FileOperation.Symlink o -> names.lookup(c, o.parent(), o.name());
            case FileOperation.MakeNode o -> names.lookup(c, o.parent(), o.name());
            case FileOperation.MakeDirectory o -> names.lookup(c, o.parent(), o.name());
            case FileOperation.Link o -> names.lookup(c, o.newParent(), o.newName());
            case FileOperation.SetAttributes o -> attributes.get(c, o.node(), 0);
            case FileOperation.Open o ->
                contents.open(c, new FileOperation.Open(o.node(), o.flags() & ~Open.O_TRUNC, false, o.prefetchBytes()));
            case FileOperation.Create o ->
                contents.create(
                        c,
                        new FileOperation.Create(
                                o.parent(),
                                o.name(),
                                o.flags() & ~(Open.O_EXCL | Open.O_TRUNC),
                                o.mode(),
                                o.umask(),
                                false));
            case FileOperation.TemporaryFile o -> contents.temporaryFile(c, o);
            case FileOperation.Write o -> contents.written(c, o.handle(), (int) outcome);
            case FileOperation.CopyRange _ -> new FileResult.Position(outcome);
            default -> OK;
        };
    }

    /// What the log keeps of a reply.
    static long outcome(FileReply reply) {
        return switch (reply) {
            case FileReply.Failed(long _, int errno, var _) -> -errno;
            case FileReply.Done(long _, FileResult.Written(int bytes, var _, var _)) -> bytes;
            case FileReply.Done(long _, FileResult.Position(long value)) -> value;
            case FileReply.Done _ -> 0;
        };
    }

    private interface Step {
        void run() throws CallFailed;
    }

    private static FileResult ok(Step step) throws CallFailed {
        step.run();
        return OK;
    }

    private FileResult release(Call c, FileOperation.Release o) throws CallFailed {
        OpenHandle handle = c.view().handle(o.handle());
        if (!handle.guest.equals(c.guest())) throw new CallFailed(Errno.ESTALE);
        handles.release(c.view(), handle);
        return OK;
    }

    private FileResult flush(Call c, long handleId, long owner) throws CallFailed {
        OpenHandle handle = c.use(handleId);
        try {
            // what makes the guest closes files that the guest itself did not
            if (!isRestoring(c)) locks.closed(c.view(), handle.inode, owner);
            handle.flush();
            return OK;
        } finally {
            handle.leave();
        }
    }

    private FileResult reviveHandle(Call c, FileOperation.ReviveHandle o) throws CallFailed {
        if (c.view().handles.containsKey(o.handle())) return OK;
        // an id of this boot is only given by home itself
        if (o.handle() >>> 32 == boot) throw new CallFailed(Errno.ESTALE);
        Inode inode = c.inode(o.node());
        int flags = o.flags() & ~(Open.O_TRUNC | Open.O_EXCL | Open.O_CREAT);
        int descriptor = o.directory() ? directories.reopen(c, inode) : contents.reopen(c, inode, flags);
        handles.add(c, o.handle(), inode, flags, o.directory(), descriptor);
        return OK;
    }

    private static Outcome done(FileCall call, FileResult result) {
        return new Outcome.Reply(new FileReply.Done(call.id(), result));
    }

    /// Whether the call, if it succeeds, changes what others can see.
    static boolean changes(FileOperation operation) {
        return switch (operation) {
            case FileOperation.SetAttributes _,
                    FileOperation.Symlink _,
                    FileOperation.MakeNode _,
                    FileOperation.MakeDirectory _,
                    FileOperation.Unlink _,
                    FileOperation.RemoveDirectory _,
                    FileOperation.Rename _,
                    FileOperation.Link _,
                    FileOperation.Create _,
                    FileOperation.TemporaryFile _,
                    FileOperation.Write _,
                    FileOperation.SetXattr _,
                    FileOperation.RemoveXattr _,
                    FileOperation.Allocate _,
                    FileOperation.CopyRange _ -> true;
            case FileOperation.Open open -> (open.flags() & GUEST_WRITES) != 0;
            default -> false;
        };
    }

    /// Whether performing the call twice would not be the same as once.
    static boolean onlyOnce(FileOperation operation) {
        return changes(operation)
                || switch (operation) {
                    case FileOperation.Open _,
                            FileOperation.OpenDirectory _,
                            FileOperation.Release _,
                            FileOperation.SetLock _,
                            FileOperation.Flush _,
                            FileOperation.ReviveHandle _ -> true;
                    default -> false;
                };
    }

    /// What may be remembered of a reply.
    static FileReply withoutData(FileReply reply) {
        if (reply
                instanceof
                FileReply.Done(
                        long id,
                        FileResult.Opened(long handle, var attributes, ByteBuf _, boolean toAll, boolean flushes)))
            return new FileReply.Done(
                    id, new FileResult.Opened(handle, attributes, Unpooled.EMPTY_BUFFER, toAll, flushes));
        return reply;
    }

    static void release(FileReply reply) {
        if (reply
                instanceof FileReply.Done(long _, FileResult.Opened(long _, var _, ByteBuf data, boolean _, boolean _)))
            data.release();
    }
}
