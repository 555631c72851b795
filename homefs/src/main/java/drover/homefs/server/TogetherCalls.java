package drover.homefs.server;

import drover.homefs.server.NodeView.Call;
import drover.linux.syscall.Errno;
import drover.protocol.file.Bytes;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileResult;
import drover.protocol.file.FileResult.Found;
import drover.protocol.file.Lease;
import java.util.ArrayList;
import java.util.List;

/// Many names of one directory in one call, under the caller's rights as if each had been asked for.
final class TogetherCalls {
    /// Of all files of one call: it holds up smaller answers behind it for so long.
    private static final int MAX_CONTENT_BYTES = 256 << 10;

    private final NameCalls names;
    private final ContentCalls contents;
    private final Leases leases;

    TogetherCalls(NameCalls names, ContentCalls contents, Leases leases) {
        this.names = names;
        this.contents = contents;
        this.leases = leases;
    }

    FileResult.FoundAll lookUp(Call call, FileOperation.LookUpAll o) throws CallFailed {
        call.inode(o.parent()); // or nothing can be found
        List<Found> all = new ArrayList<>(o.names().size());
        int left = MAX_CONTENT_BYTES;
        for (Bytes name : o.names()) {
            Found found = find(call, o.parent(), name, Math.min(left, o.contentBytes()));
            if (found == null) continue; // who asks for it alone hears what is wrong
            all.add(found);
            if (found.content() != null) left -= found.content().length();
            else if (isTooMuch(found.entry(), left, o.contentBytes()))
                break; // it is asked for again, with those behind it
        }
        return new FileResult.FoundAll(all);
    }

    /// Whether the file's content would have come along with the name if there was room for it.
    private static boolean isTooMuch(FileResult.Entry entry, int left, int contentBytes) {
        return entry != null
                && entry.attributes().isRegular()
                && entry.attributes().size() > left
                && entry.attributes().size() <= contentBytes;
    }

    /// Null if it cannot be looked up.
    private Found find(Call call, long parent, Bytes name, int contentBytes) {
        FileResult.Entry entry;
        try {
            entry = names.lookup(call, parent, name);
        } catch (CallFailed e) {
            return e.errno == Errno.ENOENT ? new Found(name, null, e.lease, null) : null;
        }
        return new Found(
                name,
                entry,
                Lease.NONE,
                contentBytes > 0 ? content(call.from(leases.now()), entry, contentBytes) : null);
    }

    private Bytes content(Call call, FileResult.Entry entry, int mostBytes) {
        try {
            return contents.small(call, entry, mostBytes);
        } catch (CallFailed e) {
            return null; // who opens it hears why
        }
    }
}
