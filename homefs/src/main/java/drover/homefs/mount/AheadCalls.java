package drover.homefs.mount;

import drover.linux.fuse.FuseRequest;
import drover.linux.syscall.Errno;
import drover.protocol.file.Bytes;
import drover.protocol.file.Caller;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileReply;
import drover.protocol.file.FileResult;
import drover.protocol.file.FileResult.Found;
import drover.protocol.file.Lease;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;

/// Asks home for what guests will ask for next: content along with a lookup where what is looked at is mostly read,
/// and the names that come next where a guest goes through a directory. Who asks for what is on its way waits for it.
///
/// Thread rule: any thread.
final class AheadCalls {
    /// Up to which size a file's content comes along.
    static final int CONTENT_BYTES = 64 << 10;
    private static final int OTHERS_MAY_READ = 04;
    /// Under way at once for all directories.
    private static final int MOST_CALLS = 8;
    /// The same with those that a guest waits for; more are made one by one.
    private static final int MOST_AWAITED = 64;

    /// Names from which nothing is concluded for a whole directory.
    private static final int FEW = 8;

    private static final int LISTING_BYTES = 128 << 10;
    private static final long SWEEP_SECONDS = 5;
    private static final long WALK_UNUSED_NANOS = 60_000_000_000L;

    private final Ahead kept;
    private final Walks walks;
    private final KnownNodes nodes;
    private final OpenHandles handles;
    private final Grants grants;
    private final Conversation conversation;
    private final ReplyTranslator replies;
    private final GivenBack back;
    private final Pruning pruning;
    private final MountCounters counters;
    private final ScheduledExecutorService clock;
    private final Set<Asking> underWay = new LinkedHashSet<>();
    private boolean sweeping;
    /// Home does not know the call.
    private volatile boolean refused;

    AheadCalls(
            Ahead kept,
            Walks walks,
            KnownNodes nodes,
            OpenHandles handles,
            Grants grants,
            Conversation conversation,
            ReplyTranslator replies,
            GivenBack back,
            Pruning pruning,
            MountCounters counters,
            ScheduledExecutorService clock) {
        this.kept = kept;
        this.walks = walks;
        this.nodes = nodes;
        this.handles = handles;
        this.grants = grants;
        this.conversation = conversation;
        this.replies = replies;
        this.back = back;
        this.pruning = pruning;
        this.counters = counters;
        this.clock = clock;
    }

    /// A request of the kernel that waits for a name on its way.
    private interface Waiter {
        long unique();

        /// The name has arrived and may be given out.
        ///
        /// @return whether the kernel was answered with it
        boolean found(Found found);

        /// It has not.
        void otherwise();
    }

    /// One call under way.
    private static final class Asking {
        final long parent;
        final Walk walk;
        final long generation;
        final boolean content;
        final Map<Bytes, List<Waiter>> names = new HashMap<>();
        /// For whom it is made; null if nobody has waited for it yet.
        final Waiter first;
        /// What this node changes meanwhile.
        final Set<Bytes> changedNames = new HashSet<>(0);

        final Set<Long> changedNodes = new HashSet<>(0);
        boolean anythingChanged;

        Asking(long parent, Walk walk, long generation, boolean content, List<Bytes> names, Waiter first) {
            this.parent = parent;
            this.walk = walk;
            this.generation = generation;
            this.content = content;
            this.first = first;
            for (Bytes name : names) this.names.put(name, new ArrayList<>(0));
            if (first != null) this.names.get(names.getFirst()).add(first);
        }

        boolean hasChanged(Found found) {
            return anythingChanged
                    || changedNames.contains(found.name())
                    || (found.entry() != null
                            && changedNodes.contains(found.entry().node()));
        }
    }

    /// A guest looks a name up. Answers it if it is here, or when it arrives.
    ///
    /// @param call as which it is answered
    /// @param otherwise asks home for it alone, on any thread
    /// @return false if nothing will be done
    boolean lookUp(PendingCall call, FileOperation.Lookup lookup, Caller caller, Runnable otherwise) {
        if (refused) return false;
        Walk walk = walks.of(lookup.parent());
        boolean reads = walk.reads();
        walk.looked();
        boolean taken = answer(call, lookup) || await(lookup.parent(), lookup.name(), new LookUp(call, otherwise));
        if (!taken && reads && hasRoom(1) && mayAsk(MOST_AWAITED)) {
            ask(lookup.parent(), walk, List.of(lookup.name()), caller, new LookUp(call, otherwise));
            taken = true;
        }
        goOn(lookup.parent(), walk, lookup.name(), caller);
        return taken;
    }

    private synchronized boolean mayAsk(int most) {
        return underWay.size() < most;
    }

    private boolean answer(PendingCall call, FileOperation.Lookup lookup) {
        Lock answering = grants.answering();
        answering.lock();
        try {
            Ahead.Name name = kept.take(lookup.parent(), lookup.name());
            if (name == null) return false;
            replies.foundBefore(call, lookup.parent(), name);
            return true;
        } finally {
            answering.unlock();
        }
    }

    /// A file is about to be opened for reading.
    ///
    /// @param opens answers on this node if that is possible now
    /// @param otherwise asks home, on any thread
    /// @return false if nothing will be done
    boolean open(long unique, long id, Caller caller, BooleanSupplier opens, Runnable otherwise) {
        KnownNode node = nodes.get(id);
        if (refused || node == null || node.name().length() == 0) return false;
        long parent = node.parent();
        Bytes name = node.name();
        Walk walk = walks.of(parent);
        walk.opened();
        boolean taken = openKept(node, parent, name, opens)
                || await(parent, name, new Waiter() {
                    @Override
                    public long unique() {
                        return unique;
                    }

                    @Override
                    public boolean found(Found found) {
                        return false;
                    }

                    @Override
                    public void otherwise() {
                        if (!openKept(node, parent, name, opens)) otherwise.run();
                    }
                });
        goOn(parent, walk, name, caller);
        return taken;
    }

    private boolean openKept(KnownNode node, long parent, Bytes name, BooleanSupplier opens) {
        Lock answering = grants.answering();
        answering.lock();
        try {
            var attributes = kept.takeOpened(parent, name, node.id);
            if (attributes != null) node.cameWithContent(attributes);
        } finally {
            answering.unlock();
        }
        return opens.getAsBoolean();
    }

    /// A lookup that is answered by what arrives as by an answer to itself.
    private final class LookUp implements Waiter {
        private final PendingCall call;
        private final Runnable otherwise;

        LookUp(PendingCall call, Runnable otherwise) {
            this.call = call;
            this.otherwise = otherwise;
        }

        @Override
        public long unique() {
            return call.unique;
        }

        @Override
        public boolean found(Found found) {
            replies.found(call, found);
            return true;
        }

        @Override
        public void otherwise() {
            otherwise.run();
        }
    }

    private synchronized boolean await(long parent, Bytes name, Waiter waiter) {
        for (Asking asking : underWay) {
            List<Waiter> waiting = asking.parent == parent ? asking.names.get(name) : null;
            if (waiting == null || asking.generation != grants.generation()) continue;
            waiting.add(waiter);
            return true;
        }
        return false;
    }

    /// The request was interrupted: home is asked for it alone, as a call that can be given up.
    ///
    /// @param unique without the kernel's mark of what it sends again
    void giveUp(long unique) {
        Waiter given = null;
        synchronized (this) {
            for (Asking asking : underWay)
                for (List<Waiter> waiting : asking.names.values())
                    for (Waiter waiter : waiting) if ((waiter.unique() & ~FuseRequest.RESENT) == unique) given = waiter;
            if (given == null) return;
            for (Asking asking : underWay) for (List<Waiter> waiting : asking.names.values()) waiting.remove(given);
        }
        given.otherwise();
    }

    /// Asks for what comes behind a name.
    private void goOn(long parent, Walk walk, Bytes name, Caller caller) {
        List<Bytes> next = walk.at(name);
        if (walk.wantsNames()) askForNames(parent, walk, caller);
        if (next.isEmpty() || !conversation.isUp()) return;
        boolean reads = walk.reads();
        List<Bytes> wanted = new ArrayList<>(next.size());
        synchronized (this) {
            if (underWay.size() >= MOST_CALLS) return;
            for (Bytes each : next) {
                if (kept.has(parent, each)
                        || underWay.stream().anyMatch(a -> a.parent == parent && a.names.containsKey(each))) continue;
                KnownNode known = nodes.get(nodes.at(parent, each));
                // the kernel knows its name already; only a file's content can be of use
                if (known != null && (!reads || known.isDirectory || known.isOpenToAll())) continue;
                wanted.add(each);
            }
        }
        if (wanted.isEmpty() || !hasRoom(wanted.size())) return;
        int atOnce = reads ? walk.atOnce() : wanted.size();
        for (int from = 0; from < wanted.size(); from += atOnce)
            ask(parent, walk, wanted.subList(from, Math.min(wanted.size(), from + atOnce)), caller, null);
    }

    private boolean hasRoom(int more) {
        return nodes.size() + kept.names() + 2L * more < pruning.most();
    }

    private void ask(long parent, Walk walk, List<Bytes> names, Caller caller, Waiter waiter) {
        boolean content = waiter != null || walk.reads();
        Asking asking = new Asking(parent, walk, grants.generation(), content, names, waiter);
        synchronized (this) {
            underWay.add(asking);
        }
        conversation.ask(
                new FileOperation.LookUpAll(parent, names, content ? CONTENT_BYTES : 0),
                caller,
                reply -> arrived(asking, reply));
        sweepSoon();
    }

    private void arrived(Asking asking, FileReply reply) {
        List<Waiter> left = new ArrayList<>();
        if (reply instanceof FileReply.Failed(long _, int errno, Lease _) && errno == Errno.ENOSYS) refused = true;
        List<Found> all = reply instanceof FileReply.Done(long _, FileResult.FoundAll(var names)) ? names : List.of();
        Lock answering = grants.answering();
        answering.lock();
        try {
            synchronized (this) {
                if (isNotPromised(all)) asking.walk.isNotPromised();
                int whole = asking.content ? whole(all) : all.size();
                for (Found found : all.subList(0, whole)) arrived(asking, found, left);
                for (Found found : all.subList(whole, all.size())) notWhole(asking, found, left);
                if (whole < all.size()) asking.walk.cameUpTo(all.get(whole).name(), whole);
                else if (asking.content && all.size() > 1) asking.walk.allCame();
                for (List<Waiter> waiting : asking.names.values()) left.addAll(waiting);
                underWay.remove(asking);
            }
        } finally {
            answering.unlock();
        }
        for (Waiter waiter : left) waiter.otherwise();
    }

    /// Whether home cannot promise what is in a directory: it does not watch it, or all files have more names. Then all
    /// that comes ahead has to be asked for again.
    private static boolean isNotPromised(List<Found> all) {
        return all.size() >= FEW && all.stream().allMatch(AheadCalls::isBrief);
    }

    private static boolean isPromised(Found found) {
        FileResult.Entry entry = found.entry();
        return entry == null
                ? found.absence() != Lease.NONE
                : entry.nameLease() != Lease.NONE && entry.attributesLease() != Lease.NONE;
    }

    private static boolean isBrief(Found found) {
        FileResult.Entry entry = found.entry();
        return entry == null
                ? found.absence() == Lease.BRIEF
                : entry.nameLease() == Lease.BRIEF || entry.attributesLease() == Lease.BRIEF;
    }

    /// How many came before home had sent as much content as it sends at once: all, if it was less.
    private static int whole(List<Found> all) {
        int last = all.size() - 1;
        while (last >= 0 && all.get(last).content() == null) last--;
        for (int i = last + 1; i < all.size(); i++) if (last >= 0 && mayHaveContent(all.get(i))) return i;
        return all.size();
    }

    private static boolean mayHaveContent(Found found) {
        FileResult.Entry entry = found.entry();
        return entry != null
                && entry.attributes().isRegular()
                && entry.attributes().size() <= CONTENT_BYTES
                && (entry.attributes().mode() & OTHERS_MAY_READ) != 0;
    }

    /// Its content is still to be asked for. Who waits for it gets the name.
    private void notWhole(Asking asking, Found found, List<Waiter> left) {
        List<Waiter> waiting = asking.names.get(found.name());
        if (waiting != null && !waiting.isEmpty()) arrived(asking, found, left);
        else if (found.entry() != null) back.neverUsed(found.entry().node());
    }

    private void arrived(Asking asking, Found found, List<Waiter> left) {
        List<Waiter> waiting = asking.names.remove(found.name());
        FileResult.Entry entry = found.entry();
        counters.namesAhead.increment();
        if (found.content() != null) counters.bytesAhead.add(found.content().length());
        if (waiting == null) {
            if (entry != null) back.neverUsed(entry.node()); // it was not asked for
            return;
        }
        if (asking.hasChanged(found)) { // it may be as it was before
            if (entry != null) back.neverUsed(entry.node());
            left.addAll(waiting);
            return;
        }
        long lease = grants.left(System.nanoTime() + grants.fullLeaseNanos());
        boolean steady = lease > 0 && asking.generation == grants.generation() && Ahead.isSteady(found);
        if (steady && entry != null && found.content() != null)
            kept.keepContent(entry.node(), found.content(), asking.walk);
        boolean given = false;
        for (Waiter waiter : waiting) {
            // home may have looked before the others came, and says only of what it has promised that it changed since
            boolean isNew = waiter == asking.first || isPromised(found);
            if (!given && isNew && waiter.found(found)) given = true;
            else left.add(waiter);
        }
        if (given) return;
        if (steady) kept.keep(asking.parent, found, asking.walk, lease);
        else if (entry != null) back.neverUsed(entry.node());
    }

    /// Has home list the directory. Only names: who goes through it need not want what they lead to.
    private void askForNames(long parent, Walk walk, Caller caller) {
        conversation.ask(new FileOperation.OpenDirectory(parent), caller, reply -> {
            if (reply instanceof FileReply.Done(long _, FileResult.Opened opened)) {
                opened.prefetched().release();
                askForNames(parent, walk, opened.handle(), 0, caller);
            }
        });
    }

    private void askForNames(long parent, Walk walk, long handle, long offset, Caller caller) {
        conversation.ask(new FileOperation.ReadDirectory(handle, offset, LISTING_BYTES, false), caller, reply -> {
            if (reply instanceof FileReply.Done(long _, FileResult.Listing(List<FileResult.Listed> part))
                    && !part.isEmpty()
                    && walk.size() < NameOrders.MOST_NAMES) {
                walks.listed(
                        parent,
                        offset == 0,
                        part.stream().map(FileResult.Listed::name).toList());
                askForNames(parent, walk, handle, part.getLast().offset(), caller);
            } else back.release(handle);
        });
    }

    /// This node is about to change something, or has: what is said of it on the way may be old. To be called at
    /// both moments.
    void changing(FileOperation operation, long node) {
        switch (operation) {
            case FileOperation.SetAttributes o -> changed(o.node());
            case FileOperation.SetXattr o -> changed(o.node());
            case FileOperation.RemoveXattr o -> changed(o.node());
            case FileOperation.Write _, FileOperation.Allocate _ -> changed(node);
            case FileOperation.CopyRange o -> {
                KnownHandle to = handles.get(o.to());
                if (to == null) anythingChanged();
                else changed(to.node);
            }
            case FileOperation.Open o -> {
                if (LocalOpens.truncates(o)) changed(o.node());
            }
            case FileOperation.Create o -> changed(o.parent(), o.name());
            case FileOperation.Symlink o -> changed(o.parent(), o.name());
            case FileOperation.MakeNode o -> changed(o.parent(), o.name());
            case FileOperation.MakeDirectory o -> changed(o.parent(), o.name());
            case FileOperation.Unlink o -> changed(o.parent(), o.name());
            case FileOperation.RemoveDirectory o -> changed(o.parent(), o.name());
            case FileOperation.Link o -> {
                changed(o.node());
                changed(o.newParent(), o.newName());
            }
            case FileOperation.Rename o -> {
                changed(o.parent(), o.name());
                changed(o.newParent(), o.newName());
            }
            default -> {}
        }
    }

    private void changed(long parent, Bytes name) {
        synchronized (this) {
            for (Asking asking : underWay) if (asking.parent == parent) asking.changedNames.add(name);
        }
        kept.changed(parent, name);
        long led = nodes.at(parent, name);
        if (led != 0) changed(led);
        changed(parent);
    }

    private void changed(long node) {
        synchronized (this) {
            for (Asking asking : underWay) asking.changedNodes.add(node);
        }
        kept.changed(node);
    }

    private void anythingChanged() {
        synchronized (this) {
            for (Asking asking : underWay) asking.anythingChanged = true;
        }
        kept.dropAll();
    }

    private void sweepSoon() {
        synchronized (this) {
            if (sweeping) return;
            sweeping = true;
        }
        var _ = clock.schedule(this::sweep, SWEEP_SECONDS, TimeUnit.SECONDS);
    }

    private void sweep() {
        boolean left = kept.dropUnused();
        walks.forgetUnused(System.nanoTime() - WALK_UNUSED_NANOS);
        synchronized (this) {
            sweeping = false;
            if (!left && walks.isEmpty() && underWay.isEmpty()) return;
        }
        sweepSoon();
    }
}
