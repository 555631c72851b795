package drover.homefs.server;

import drover.homefs.server.NodeView.Call;
import drover.linux.syscall.Close;
import drover.linux.syscall.Errno;
import drover.linux.syscall.FileStatus;
import drover.linux.syscall.Link;
import drover.linux.syscall.Mkdir;
import drover.linux.syscall.Mknod;
import drover.linux.syscall.NativeBytes;
import drover.linux.syscall.Open;
import drover.linux.syscall.Readlink;
import drover.linux.syscall.Rename;
import drover.linux.syscall.Stat;
import drover.linux.syscall.Symlink;
import drover.linux.syscall.Unlink;
import drover.protocol.file.Bytes;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileResult;
import drover.protocol.file.Lease;

/// Calls on names in directories. Each is made relative to the directory's descriptor, never follows a symbolic
/// link, and runs under the caller's rights: home's kernel decides.
final class NameCalls {
    private static final int PATH = Open.O_PATH | Open.O_NOFOLLOW | Open.O_CLOEXEC;
    private static final int RENAME_FLAGS = Rename.RENAME_NOREPLACE | Rename.RENAME_EXCHANGE;

    private final InodeDescriptors descriptors;
    private final Identities identities;
    private final Attributes attributes;
    private final Leases leases;
    private final Veil veil;
    private final ProcSelf procSelf;

    NameCalls(
            InodeDescriptors descriptors,
            Identities identities,
            Attributes attributes,
            Leases leases,
            Veil veil,
            ProcSelf procSelf) {
        this.descriptors = descriptors;
        this.identities = identities;
        this.attributes = attributes;
        this.leases = leases;
        this.veil = veil;
        this.procSelf = procSelf;
    }

    FileResult.Entry lookup(Call call, long parentId, Bytes name) throws CallFailed {
        Inode parent = call.inode(parentId);
        checkName(name);
        if (parent.veiled) throw new CallFailed(Errno.ENOENT);
        Call now = watching(call, parent);
        FileResult.Entry entry;
        try (var pin = descriptors.pin(parent, call.acting())) {
            int descriptor = Open.openat(pin.descriptor, name.array(), PATH, 0);
            if (descriptor == -Errno.ENOENT) throw CallFailed.absent(leases.absence(now, parent, name));
            entry = entryOf(now, parent, name, CallFailed.check(descriptor));
        }
        return entry.attributes().isDirectory() && entry.attributesLease() == Lease.BRIEF
                ? watched(call, entry)
                : entry;
    }

    /// The call, from when changes in the directory are noticed: or what is found is asked for again in a moment.
    private Call watching(Call call, Inode directory) throws CallFailed {
        leases.watch().coverNow(directory);
        call.acting().assume(call.credentials());
        return call.from(leases.now());
    }

    /// The same directory, looked at again from when changes in it are noticed.
    private FileResult.Entry watched(Call call, FileResult.Entry entry) {
        try {
            Inode directory = call.inode(entry.node());
            Call now = watching(call, directory);
            try (var pin = descriptors.pin(directory, call.acting())) {
                FileStatus status = Attributes.status(pin.descriptor);
                Lease lease = leases.attributes(now.since(), directory, status);
                boolean noAcl = AccessLists.none(status, pin.descriptor);
                return new FileResult.Entry(entry.node(), attributes.of(status), entry.nameLease(), lease, noAcl);
            }
        } catch (CallFailed e) {
            return entry; // removed meanwhile, perhaps
        }
    }

    FileResult.Entry entry(Call call, Inode parent, int directory, Bytes name) throws CallFailed {
        return entryOf(call, parent, name, CallFailed.check(Open.openat(directory, name.array(), PATH, 0)));
    }

    /// Takes the O_PATH descriptor over.
    FileResult.Entry entryOf(Call call, Inode parent, Bytes name, int descriptor) throws CallFailed {
        try {
            FileStatus status = Attributes.status(descriptor);
            boolean veiled = veil.covers(status, descriptor, -1, name.array());
            if (veiled && !status.isDirectory()) throw new CallFailed(Errno.ENOENT);
            Inode inode = call.view().inodes.seen(identities.of(status, descriptor), parent, name, descriptor, veiled);
            return leases.entry(
                    call, parent, name, inode, status, attributes.of(status), AccessLists.none(status, descriptor));
        } catch (CallFailed e) {
            Close.close(descriptor);
            throw e;
        }
    }

    FileResult.Entry symlink(Call call, FileOperation.Symlink o) throws CallFailed {
        if (o.target().hasNul()) throw new CallFailed(Errno.EINVAL);
        Inode parent = writable(call, o.parent(), o.name());
        try (var pin = descriptors.pin(parent, call.acting())) {
            CallFailed.check(Symlink.symlinkat(
                    o.target().array(), pin.descriptor, o.name().array()));
            call.changed(new Change.Name(parent.identity(), o.name()));
            return entry(call, parent, pin.descriptor, o.name());
        }
    }

    FileResult.Entry makeNode(Call call, FileOperation.MakeNode o) throws CallFailed {
        int type = o.mode() & FileStatus.S_IFMT;
        // a guest has no business with home's devices
        if (type != FileStatus.S_IFIFO && type != FileStatus.S_IFSOCK && type != FileStatus.S_IFREG && type != 0)
            throw new CallFailed(Errno.EPERM);
        Inode parent = writable(call, o.parent(), o.name());
        try (var pin = descriptors.pin(parent, call.acting())) {
            call.acting().umask(o.umask());
            CallFailed.check(
                    Mknod.mknodat(pin.descriptor, o.name().array(), o.mode() & (FileStatus.S_IFMT | 07777), 0));
            call.changed(new Change.Name(parent.identity(), o.name()));
            return entry(call, parent, pin.descriptor, o.name());
        }
    }

    FileResult.Entry makeDirectory(Call call, FileOperation.MakeDirectory o) throws CallFailed {
        Inode parent = writable(call, o.parent(), o.name());
        try (var pin = descriptors.pin(parent, call.acting())) {
            call.acting().umask(o.umask());
            CallFailed.check(Mkdir.mkdirat(pin.descriptor, o.name().array(), o.mode() & 07777));
            call.changed(new Change.Name(parent.identity(), o.name()));
            return entry(call, parent, pin.descriptor, o.name());
        }
    }

    void unlink(Call call, long parentId, Bytes name, boolean directory) throws CallFailed {
        Inode parent = writable(call, parentId, name);
        try (var pin = descriptors.pin(parent, call.acting())) {
            Identity before = identity(pin.descriptor, name);
            CallFailed.check(
                    directory
                            ? Unlink.rmdirat(pin.descriptor, name.array())
                            : Unlink.unlinkat(pin.descriptor, name.array()));
            call.changed(new Change.Name(parent.identity(), name));
            if (before != null) leases.removed(parent, name, before);
            oneNameLess(call, before);
        }
    }

    /// A file that has other names, or is open, has one link less.
    private static void oneNameLess(Call call, Identity before) {
        if (before != null) call.changed(new Change.Attributes(before));
    }

    /// Null if there is no such name.
    private Identity identity(int directory, Bytes name) {
        return Stat.ofName(directory, name.array()) instanceof Stat.Result.Found(FileStatus status)
                ? identities.of(status, directory, name.array())
                : null;
    }

    void rename(Call call, FileOperation.Rename o) throws CallFailed {
        if ((o.flags() & ~RENAME_FLAGS) != 0) throw new CallFailed(Errno.EINVAL);
        Inode from = writable(call, o.parent(), o.name());
        Inode to = writable(call, o.newParent(), o.newName());
        try (var fromPin = descriptors.pin(from, call.acting());
                var toPin = descriptors.pin(to, call.acting())) {
            Identity replaced = identity(toPin.descriptor, o.newName());
            CallFailed.check(Rename.renameat2(
                    fromPin.descriptor,
                    o.name().array(),
                    toPin.descriptor,
                    o.newName().array(),
                    o.flags()));
            boolean exchange = (o.flags() & Rename.RENAME_EXCHANGE) != 0;
            call.changed(new Change.Name(from.identity(), o.name()));
            call.changed(new Change.Name(to.identity(), o.newName()));
            call.changed(new Change.Moved(from.identity(), o.name(), to.identity(), o.newName()));
            if (exchange) call.changed(new Change.Moved(to.identity(), o.newName(), from.identity(), o.name()));
            oneNameLess(call, replaced);
            moved(call, toPin.descriptor, to, o.newName());
            if (exchange) moved(call, fromPin.descriptor, from, o.name());
        }
    }

    private void moved(Call call, int directory, Inode parent, Bytes name) {
        Identity identity = identity(directory, name);
        if (identity == null) return;
        call.view().inodes.moved(identity, parent, name);
        call.changed(new Change.Attributes(identity));
    }

    FileResult.Entry link(Call call, FileOperation.Link o) throws CallFailed {
        Inode inode = call.inode(o.node());
        Inode parent = writable(call, o.newParent(), o.newName());
        try (var pin = descriptors.pin(inode, call.acting());
                var parentPin = descriptors.pin(parent, call.acting())) {
            CallFailed.check(Link.linkat(
                    procSelf.descriptor(),
                    ProcSelf.name(pin.descriptor),
                    parentPin.descriptor,
                    o.newName().array()));
            inode.nameable = false;
            inode.seemsNamed = false;
            call.changed(new Change.Name(parent.identity(), o.newName()));
            call.changed(new Change.Attributes(inode.identity()));
            return entry(call, parent, parentPin.descriptor, o.newName());
        }
    }

    FileResult.Content readLink(Call call, long node) throws CallFailed {
        try (var pin = descriptors.pin(call.inode(node), call.acting())) {
            return switch (Readlink.ofDescriptor(pin.descriptor)) {
                case NativeBytes.Given(byte[] bytes) -> new FileResult.Content(Bytes.owning(bytes));
                case NativeBytes.Failed(int errno) -> throw new CallFailed(errno);
            };
        }
    }

    /// The directory of a name that is about to be made or removed.
    Inode writable(Call call, long parentId, Bytes name) throws CallFailed {
        Inode parent = call.inode(parentId);
        checkName(name);
        if (parent.veiled) throw new CallFailed(Errno.EACCES);
        return parent;
    }

    static void checkName(Bytes name) throws CallFailed {
        if (!name.isName()) throw new CallFailed(Errno.EINVAL);
        if (name.length() > Bytes.NAME_MAX) throw new CallFailed(Errno.ENAMETOOLONG);
    }
}
