package drover.homefs.server;

import static drover.protocol.file.FileOperation.SetAttributes.*;

import drover.homefs.server.NodeView.Call;
import drover.linux.syscall.Access;
import drover.linux.syscall.Chmod;
import drover.linux.syscall.Chown;
import drover.linux.syscall.Errno;
import drover.linux.syscall.FileStatus;
import drover.linux.syscall.NativeBytes;
import drover.linux.syscall.Open;
import drover.linux.syscall.Statfs;
import drover.linux.syscall.Truncate;
import drover.linux.syscall.Utimensat;
import drover.linux.syscall.Xattr;
import drover.protocol.file.Bytes;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileResult;

/// Calls on what is known about a file.
final class AttributeCalls {
    private static final int SET_IDS = 06000;

    private final InodeDescriptors descriptors;
    private final Attributes attributes;
    private final Leases leases;
    private final Programs programs;
    private final ProcSelf procSelf;

    AttributeCalls(
            InodeDescriptors descriptors, Attributes attributes, Leases leases, Programs programs, ProcSelf procSelf) {
        this.programs = programs;
        this.descriptors = descriptors;
        this.attributes = attributes;
        this.leases = leases;
        this.procSelf = procSelf;
    }

    FileResult.Attributes get(Call call, long node, long handleId) throws CallFailed {
        if (handleId != 0 && call.view().handles.containsKey(handleId)) {
            OpenHandle handle = call.use(handleId);
            try {
                return told(call, handle.inode, handle.descriptor());
            } finally {
                handle.leave();
            }
        }
        Inode inode = call.inode(node);
        try (var pin = descriptors.pin(inode, call.acting())) {
            return told(call, inode, pin.descriptor);
        }
    }

    private FileResult.Attributes told(Call call, Inode inode, int descriptor) throws CallFailed {
        FileStatus status = Attributes.status(descriptor);
        boolean noAcl = AccessLists.none(status, descriptor);
        return new FileResult.Attributes(
                attributes.of(inode, status), leases.attributes(call.since(), inode, status), noAcl);
    }

    FileResult.Attributes set(Call call, FileOperation.SetAttributes s) throws CallFailed {
        int valid = s.valid();
        Inode inode = call.inode(s.node());
        try (var pin = descriptors.pin(inode, call.acting())) {
            // also of one that fails half way
            call.changed(
                    (valid & SIZE) != 0
                            ? new Change.Content(inode.identity())
                            : new Change.Attributes(inode.identity()));
            if ((valid & (UID | GID)) != 0)
                CallFailed.check(Chown.ofDescriptor(
                        pin.descriptor, (valid & UID) != 0 ? s.uid() : -1, (valid & GID) != 0 ? s.gid() : -1));
            if ((valid & SIZE) != 0) resize(call, pin.descriptor, s);
            if ((valid & MODE) != 0)
                CallFailed.check(
                        Chmod.fchmodat(procSelf.descriptor(), ProcSelf.name(pin.descriptor), s.mode() & 07777));
            else if ((valid & KILL_SET_IDS) != 0) killSetIds(pin.descriptor);
            if ((valid & (ACCESSED | MODIFIED)) != 0)
                CallFailed.check(Utimensat.ofDescriptor(
                        pin.descriptor,
                        s.accessed().seconds(),
                        nanos(valid, ACCESSED, ACCESSED_NOW, s.accessed().nanos()),
                        s.modified().seconds(),
                        nanos(valid, MODIFIED, MODIFIED_NOW, s.modified().nanos())));
            return told(call, inode, pin.descriptor);
        }
    }

    private static int nanos(int valid, int given, int now, int nanos) {
        if ((valid & given) == 0) return Utimensat.UTIME_OMIT;
        return (valid & now) != 0 ? Utimensat.UTIME_NOW : nanos;
    }

    private void resize(Call call, int descriptor, FileOperation.SetAttributes s) throws CallFailed {
        if (s.handle() == 0 || !call.view().handles.containsKey(s.handle())) {
            Identity file = call.inode(s.node()).identity();
            programs.open(call.view(), file, Open.O_TRUNC);
            try {
                CallFailed.check(Truncate.truncate(ProcSelf.path(descriptor), s.size()));
            } finally {
                programs.closed(call.view(), file, Open.O_TRUNC);
            }
            return;
        }
        OpenHandle handle = call.use(s.handle());
        try {
            CallFailed.check(Truncate.ftruncate(handle.descriptor(), s.size()));
        } finally {
            handle.leave();
        }
    }

    /// Home's kernel clears set-id bits for ordinary callers by itself. Root's it leaves, but the guest may
    /// have less than root's capabilities, and its kernel then asks for it.
    void killSetIds(int descriptor) throws CallFailed {
        int mode = Attributes.status(descriptor).mode();
        if ((mode & SET_IDS) == 0) return;
        // set-gid without execution for the group is mandatory locking's, not an identity
        int kill = (mode & 010) != 0 ? SET_IDS : 04000;
        if ((mode & kill) != 0)
            CallFailed.check(Chmod.fchmodat(procSelf.descriptor(), ProcSelf.name(descriptor), mode & 07777 & ~kill));
    }

    void access(Call call, long node, int mask) throws CallFailed {
        try (var pin = descriptors.pin(call.inode(node), call.acting())) {
            CallFailed.check(Access.ofDescriptor(pin.descriptor, mask & 7));
        }
    }

    FileResult.FileSystem fileSystem(Call call, long node) throws CallFailed {
        try (var pin = descriptors.pin(call.inode(node), call.acting())) {
            return switch (Statfs.ofDescriptor(pin.descriptor)) {
                case Statfs.Result.Found f ->
                    new FileResult.FileSystem(
                            f.blockBytes(),
                            f.fragmentBytes(),
                            f.blocks(),
                            f.freeBlocks(),
                            f.availableBlocks(),
                            f.files(),
                            f.freeFiles(),
                            f.nameBytes());
                case Statfs.Result.Failed(int errno) -> throw new CallFailed(errno);
            };
        }
    }

    FileResult.Content getXattr(Call call, long node, Bytes name) throws CallFailed {
        checkXattr(name);
        Inode inode = call.inode(node);
        boolean acl = AccessLists.isOne(name);
        if (acl) leases.accessList(inode);
        try (var pin = descriptors.pin(inode, call.acting())) {
            NativeBytes value = Xattr.getxattr(ProcSelf.path(pin.descriptor), name.array());
            // where there are no lists, the node's kernel shall go by the mode, and not refuse everything
            if (acl && value instanceof NativeBytes.Failed(int errno) && errno == Errno.EOPNOTSUPP)
                throw new CallFailed(Errno.ENODATA);
            return content(value);
        }
    }

    FileResult.Content listXattr(Call call, long node) throws CallFailed {
        try (var pin = descriptors.pin(call.inode(node), call.acting())) {
            return content(Xattr.listxattr(ProcSelf.path(pin.descriptor)));
        }
    }

    void setXattr(Call call, FileOperation.SetXattr o) throws CallFailed {
        checkXattr(o.name());
        Inode inode = call.inode(o.node());
        try (var pin = descriptors.pin(inode, call.acting())) {
            call.changed(new Change.Attributes(inode.identity()));
            CallFailed.check(Xattr.setxattr(
                    ProcSelf.path(pin.descriptor), o.name().array(), o.value().array(), o.flags()));
        }
    }

    void removeXattr(Call call, long node, Bytes name) throws CallFailed {
        checkXattr(name);
        Inode inode = call.inode(node);
        try (var pin = descriptors.pin(inode, call.acting())) {
            call.changed(new Change.Attributes(inode.identity()));
            CallFailed.check(Xattr.removexattr(ProcSelf.path(pin.descriptor), name.array()));
        }
    }

    private static void checkXattr(Bytes name) throws CallFailed {
        if (name.length() == 0 || name.length() > Bytes.NAME_MAX || name.hasNul()) throw new CallFailed(Errno.ERANGE);
    }

    private static FileResult.Content content(NativeBytes result) throws CallFailed {
        return switch (result) {
            case NativeBytes.Given(byte[] bytes) -> new FileResult.Content(Bytes.owning(bytes));
            case NativeBytes.Failed(int errno) -> throw new CallFailed(errno);
        };
    }
}
