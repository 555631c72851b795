package drover.homefs.server;

import drover.homefs.server.NodeView.Call;
import drover.linux.syscall.Errno;
import drover.model.GuestKey;
import drover.protocol.file.FileAttributes;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileResult;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Unix sockets with a name, of guests that are being made from others on other nodes. A kernel binds a socket only
/// while
/// it makes its file; but the file is there, and home is not to change. So such a guest does not find the sockets of
/// its user until it makes them, and is then given the file that is there. Thread-safe.
final class RestoringSockets {
    private static final int S_IFSOCK = 0xC000;
    private static final int S_IFMT = 0xF000;

    private final Map<GuestKey, Set<Long>> bound = new ConcurrentHashMap<>();
    private final NameCalls names;
    private final AttributeCalls attributes;

    RestoringSockets(NameCalls names, AttributeCalls attributes) {
        this.names = names;
        this.attributes = attributes;
    }

    void ended(GuestKey guest) {
        bound.remove(guest);
    }

    FileResult.Entry lookUp(Call c, FileOperation.Lookup o) throws CallFailed {
        FileResult.Entry found = names.lookup(c, o.parent(), o.name());
        if (!isItsOwn(c, found.attributes()) || isBound(c, found.node())) return found;
        c.view().inodes.forget(found.node(), 1);
        throw new CallFailed(Errno.ENOENT);
    }

    /// What a call that changes something comes to; empty: it may not.
    Optional<FileResult> change(Call c, FileOperation operation) throws CallFailed {
        return switch (operation) {
            case FileOperation.MakeNode o
            when (o.mode() & S_IFMT) == S_IFSOCK -> {
                FileResult.Entry there = names.lookup(c, o.parent(), o.name());
                if (!isItsOwn(c, there.attributes())) {
                    c.view().inodes.forget(there.node(), 1);
                    yield Optional.empty();
                }
                bound.computeIfAbsent(c.guest(), _ -> ConcurrentHashMap.newKeySet())
                        .add(there.node());
                yield Optional.of(there);
            }
            case FileOperation.SetAttributes o
            when isBound(c, o.node()) ->
                Optional.of(attributes.get(c, o.node(), 0)); // its owner and mode are as they were
            default -> Optional.empty();
        };
    }

    private boolean isBound(Call c, long node) {
        return bound.getOrDefault(c.guest(), Set.of()).contains(node);
    }

    private static boolean isItsOwn(Call c, FileAttributes attributes) {
        return attributes.type() == S_IFSOCK
                && (c.credentials().isRoot()
                        || attributes.uid() == c.credentials().uid());
    }
}
