package drover.homefs.server;

import drover.homefs.server.NodeView.Call;
import drover.homefs.server.Recalls.TakenBack;
import drover.linux.syscall.FileStatus;
import drover.linux.syscall.Stat;
import drover.protocol.file.Bytes;
import drover.protocol.file.FileAttributes;
import drover.protocol.file.FileRecall.Item;
import drover.protocol.file.FileResult;
import drover.protocol.file.Lease;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Consumer;

/// Which node was promised what about home's files, and what is to be taken back when something changes.
///
/// Changes that guests make pass through this home, and [HomeWatch] tells those that programs at home make in
/// directories it watches; what is not watched is leased briefly. A file with several names may be changed by
/// one that nobody watches.
///
/// What a promise is about was looked at some moment before it is made. [#now()] is asked before the look,
/// and no promise is made of what has changed since.
///
/// Thread rule: any thread; one lock, never held during a system call.
final class Leases {
    private final HomeWatch watch;
    private final InodeDescriptors descriptors;
    private final Identities identities;
    private final Consumer<List<Change>> atHome;
    private final Collection<NodeView> views;
    private final LatestChanges latest = new LatestChanges(LatestChanges.REMEMBERED);

    /// @param own as [HomeWatch] takes it
    /// @param views of all nodes; grows
    /// @param atHome told what programs at home have changed, and what else is to be taken back
    Leases(
            Path own,
            InodeDescriptors descriptors,
            Identities identities,
            Collection<NodeView> views,
            Consumer<List<Change>> atHome) {
        this.watch = new HomeWatch(
                own, descriptors, changes -> atHome.accept(withLinked(changes)), this::watched, HomeWatch.MAX_WATCHED);
        this.descriptors = descriptors;
        this.identities = identities;
        this.atHome = atHome;
        this.views = views;
    }

    /// Nobody is told by the old name that a file was given another: what has several is looked at, and its
    /// attributes are taken back.
    private List<Change> withLinked(List<Change> changes) {
        List<Change> all = new ArrayList<>(changes);
        for (Change change : changes)
            if (change instanceof Change.Made(Identity directory, Bytes name)) {
                Identity file = linked(directory, name);
                if (file != null) all.add(new Change.Attributes(file));
            }
        return all;
    }

    /// What has other names, too; null if it has none, or no node knows the directory any more.
    private Identity linked(Identity directory, Bytes name) {
        for (NodeView view : views) {
            Inode inode = view.inodes.find(directory);
            if (inode == null) continue;
            try (var pin = descriptors.pin(inode, ActingThread.own())) {
                return Stat.ofName(pin.descriptor, name.array()) instanceof Stat.Result.Found(FileStatus status)
                                && status.links() > 1
                        ? identities.of(status, pin.descriptor, name.array())
                        : null;
            } catch (CallFailed e) {
                // removed meanwhile, or forgotten
            }
        }
        return null;
    }

    HomeWatch watch() {
        return watch;
    }

    /// Ask before looking at what is to be promised.
    synchronized long now() {
        return latest.now();
    }

    /// From now on more may be promised of a directory; nothing that was looked at before.
    private synchronized void watched(Identity directory) {
        latest.watched(directory);
    }

    /// What a node is told of a name that was found.
    FileResult.Entry entry(
            Call call,
            Inode directory,
            Bytes name,
            Inode inode,
            FileStatus status,
            FileAttributes attributes,
            boolean noAcl) {
        boolean watched = watch.covers(directory);
        boolean steady = watched && (inode.veiled || isSteady(inode, status));
        boolean displaces;
        synchronized (this) {
            long since = call.since();
            if (latest.ofName(since, directory, name)
                    || latest.ofFile(since, inode)
                    || !directory.promises.hasRoomFor(name))
                return new FileResult.Entry(inode.id, attributes, Lease.NONE, Lease.NONE, noAcl);
            displaces = promise(call.view(), directory, name, inode);
            inode.promises.attributes = true;
        }
        if (displaces) atHome.accept(List.of());
        return new FileResult.Entry(inode.id, attributes, lease(watched), lease(steady), noAcl);
    }

    /// A name may be found to lead elsewhere before the news arrives why. Then it would be too late for what it
    /// led to: the news would find the new promise, and take that back.
    ///
    /// @return whether something is to be taken back now
    private static boolean promise(NodeView view, Inode directory, Bytes name, Inode now) {
        Inode before = directory.promises.addName(name, now);
        if (before == Promises.ABSENT || before == now) return false;
        before.promises.take();
        view.displaced.add(new Item.Name(directory.id, name, before.id));
        return true;
    }

    /// A node has removed a name itself: its kernel knows.
    synchronized void removed(Inode directory, Bytes name, Identity file) {
        Inode led = directory.promises.led(name);
        if (led != Promises.ABSENT && led.identity().equals(file)) directory.promises.removeName(name);
    }

    /// Whether all changes of a file in a directory that is watched are noticed.
    private boolean isSteady(Inode inode, FileStatus status) {
        return status.isDirectory() ? watch.covers(inode) : status.links() == 1;
    }

    private static Lease lease(boolean changesAtHomeAreNoticed) {
        return changesAtHomeAreNoticed ? Lease.FULL : Lease.BRIEF;
    }

    /// How far a node may count on there being no such name, as was found.
    Lease absence(Call call, Inode directory, Bytes name) {
        NodeView view = call.view();
        boolean watched = watch.covers(directory);
        boolean displaces = false;
        boolean full;
        synchronized (this) {
            full = view.absences >= Promises.MAX_ABSENT;
            if (full) view.absences = 0;
            else {
                if (latest.ofName(call.since(), directory, name) || !directory.promises.hasRoomFor(name))
                    return Lease.NONE;
                displaces = promise(view, directory, name, Promises.ABSENT);
                view.absences++;
            }
        }
        if (full) atHome.accept(List.of(new Change.Absences(view)));
        if (displaces) atHome.accept(List.of());
        return full ? Lease.NONE : lease(watched);
    }

    /// How far a node may count on attributes that were read at or after `since`. Changes made at home are
    /// told by name, so the name must have been promised as well.
    Lease attributes(long since, Inode inode, FileStatus status) {
        Inode.Place place = inode.place();
        Inode parent = place.parent();
        boolean watched = (parent == null || watch.covers(parent)) && (inode.veiled || isSteady(inode, status));
        synchronized (this) {
            if (hasChanged(since, inode, place)) return Lease.NONE;
            inode.promises.attributes = true;
            return lease(watched && (parent == null || parent.promises.led(place.name()) == inode));
        }
    }

    /// Changes made at home are told by name.
    private boolean hasChanged(long since, Inode inode, Inode.Place place) {
        return latest.ofFile(since, inode)
                || (place.parent() != null && latest.ofName(since, place.parent(), place.name()));
    }

    /// Whether a node may open the file for reading without asking, as far as changes at home go.
    boolean openToAll(long since, Inode inode, FileStatus status) {
        if (attributes(since, inode, status) != Lease.FULL) return false;
        synchronized (this) {
            // if it was taken back since, it is not told that it may
            if (hasChanged(since, inode, inode.place())) return false;
            inode.promises.openToAll();
            return true;
        }
    }

    /// Whether a node may have opened the file without asking, and not said yet for whom.
    ///
    /// @param isTakingBack whether it was told lately that it may not any more
    synchronized boolean isPerhapsOpen(Inode inode, boolean isTakingBack) {
        return inode.promises.isPerhapsOpen(isTakingBack);
    }

    /// A node is about to open a file for writing: the others shall ask before they open it, and say who has it open.
    Map<NodeView, TakenBack> writing(NodeView by, Identity file) {
        Map<NodeView, TakenBack> recalls = new HashMap<>();
        synchronized (this) {
            for (NodeView view : views) {
                Inode inode = view == by ? null : view.inodes.find(file);
                if (inode == null) continue;
                TakenBack taken = new TakenBack(new ArrayList<>(1), Set.of(inode.id));
                if (inode.promises.isOpenToAll()) attributes(inode, taken.items());
                recalls.put(view, taken);
            }
        }
        return recalls;
    }

    /// How far a node may count on a directory's names being all, if it lists them at or after `since`.
    Lease listing(long since, Inode directory) {
        boolean watched = watch.covers(directory);
        synchronized (this) {
            if (latest.ofFile(since, directory)) return Lease.NONE;
            directory.promises.content = true;
        }
        return lease(watched);
    }

    /// A node is about to be told a file's access control list, which its kernel keeps until it is told that
    /// the attributes have changed. Call before looking.
    void accessList(Inode inode) {
        synchronized (this) {
            inode.promises.attributes = true;
        }
    }

    /// A node is about to be given some of a file's content. Its kernel keeps that for those who have it mapped until
    /// it is taken back, also if it was told to ask for the name again; and changes made at home are told by name.
    /// So the name is promised, in place of another one if there is no room for more.
    void content(NodeView view, Inode inode) {
        Inode.Place place = inode.place();
        Inode directory = place.parent();
        boolean displaces = false;
        synchronized (this) {
            inode.promises.content = true;
            if (directory == null || directory.promises.led(place.name()) != null) return;
            if (!directory.promises.hasRoomFor(place.name())) {
                name(directory, directory.promises.anyName(), view.displaced);
                displaces = true;
            }
            directory.promises.addName(place.name(), inode);
        }
        if (displaces) atHome.accept(List.of());
    }

    /// Something has changed, or was found changed. Returns what is to be taken back, and from whom; these
    /// promises do not count any more. Nodes that know what has changed are named also if they were promised
    /// nothing.
    ///
    /// @param by the node that did it, whose kernel knows; null for a program at home
    Map<NodeView, TakenBack> changed(NodeView by, List<Change> changes) {
        Map<NodeView, TakenBack> recalls = new HashMap<>();
        synchronized (this) {
            changes.forEach(this::remember);
            for (NodeView view : views) {
                TakenBack taken = new TakenBack(new ArrayList<>(view.displaced), new HashSet<>(2));
                view.displaced.clear();
                for (Change change : changes) takeBack(view, view == by, change, taken);
                if (!taken.concerned().isEmpty() || !taken.items().isEmpty()) recalls.put(view, taken);
            }
        }
        return recalls;
    }

    private void remember(Change change) {
        switch (change) {
            case Change.Name(Identity directory, Bytes name) -> latest.name(directory, name);
            case Change.Attributes(Identity file) -> latest.file(file);
            case Change.Content(Identity file) -> latest.file(file);
            case Change.Moved _, Change.Made _ -> {} // their names are told as well
            case Change.Absences _, Change.Unplaced _, Change.Anything _ -> latest.everything();
        }
    }

    private static void takeBack(NodeView view, boolean own, Change change, TakenBack taken) {
        List<Item> items = taken.items();
        switch (change) {
            case Change.Name(Identity directory, Bytes name) -> {
                Inode inode = view.inodes.find(directory);
                if (inode != null && own) inode.promises.changedByNode(name);
                if (inode == null || own) return;
                taken.concerned().add(inode.id);
                name(inode, name, items);
                if (inode.promises.content) content(inode, items);
                else attributes(inode, items);
            }
            case Change.Moved(Identity from, Bytes name, Identity to, Bytes newName) -> {
                if (own) moved(view, from, name, to, newName, items);
            }
            case Change.Attributes(Identity file) -> {
                Inode inode = view.inodes.find(file);
                if (inode != null && own) inode.promises.closed();
                if (inode == null || own) return;
                taken.concerned().add(inode.id);
                attributes(inode, items);
            }
            case Change.Content(Identity file) -> {
                Inode inode = view.inodes.find(file);
                if (inode != null && own) inode.promises.closed();
                if (inode == null || own) return;
                taken.concerned().add(inode.id);
                content(inode, items);
            }
            case Change.Made _ -> {}
            case Change.Absences(NodeView of) -> {
                if (view == of) absences(view, items);
            }
            case Change.Unplaced(NodeView of) -> {
                if (view == of) unplaced(view, items);
            }
            case Change.Anything() -> everything(view, items);
        }
    }

    private static void name(Inode directory, Bytes name, List<Item> items) {
        if (!directory.promises.hasName(name)) return;
        Inode led = directory.promises.removeName(name);
        items.add(new Item.Name(directory.id, name, led == Promises.ABSENT ? 0 : led.id));
        if (led == Promises.ABSENT) return;
        led.promises.take();
    }

    private static void attributes(Inode inode, List<Item> items) {
        if (!inode.promises.attributes) return;
        inode.promises.takeAttributes();
        items.add(new Item.Attributes(inode.id));
    }

    private static void content(Inode inode, List<Item> items) {
        if (!inode.promises.content && !inode.promises.attributes) return;
        inode.promises.take();
        items.add(new Item.Content(inode.id));
    }

    /// The node's kernel keeps for the new name what it believes of the old one, also if that has just been
    /// taken back: it cannot be told of the old name while it moves it.
    private static void moved(NodeView view, Identity from, Bytes name, Identity to, Bytes newName, List<Item> items) {
        Inode source = view.inodes.find(from);
        Inode target = view.inodes.find(to);
        if (source == null || target == null) return;
        Inode led = source.promises.removeName(name);
        target.promises.removeName(newName);
        items.add(new Item.Name(target.id, newName, led == Promises.ABSENT ? 0 : led.id));
    }

    private static void absences(NodeView view, List<Item> items) {
        for (Inode inode : view.inodes.all()) names(inode, (name, _) -> inode.promises.mayBeAbsent(name), items);
    }

    private static void unplaced(NodeView view, List<Item> items) {
        for (Inode inode : view.inodes.all())
            names(inode, (name, led) -> inode.promises.mayBeAbsent(name) || !led.isAt(inode, name), items);
    }

    private static void names(Inode directory, BiPredicate<Bytes, Inode> which, List<Item> items) {
        directory
                .promises
                .takeNames(which)
                .forEach((name, led) ->
                        items.add(new Item.Name(directory.id, name, led == Promises.ABSENT ? 0 : led.id)));
    }

    private static void everything(NodeView view, List<Item> items) {
        for (Inode inode : view.inodes.all()) {
            names(inode, (name, led) -> true, items);
            if (inode.promises.content) content(inode, items);
            else attributes(inode, items);
        }
    }

    /// A node's daemon does not know what the one before it was promised: of what it is not told now, that is taken
    /// back.
    void hasNewDaemon(NodeView view) {
        synchronized (this) {
            view.absences = 0;
        }
        atHome.accept(List.of(new Change.Unplaced(view)));
    }

    /// A node does not know an inode any more, nor its names.
    void forgotten(Inode inode) {
        synchronized (this) {
            Inode.Place place = inode.place();
            if (place.parent() != null) place.parent().promises.forgotten(place.name(), inode);
        }
        watch.forgotten(inode);
    }
}
