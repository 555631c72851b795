package drover.homefs.server;

import drover.linux.syscall.Errno;
import drover.linux.syscall.FileStatus;
import drover.linux.syscall.Read;
import drover.protocol.file.ContentHash;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The hashes of home's blocks: computed when a node asks, and remembered as long as the file is as it was, so
/// that many nodes that run one program have it hashed once.
///
/// Thread rule: any thread; the lock is not held while a file is read.
final class BlockHashes {
    /// Some 64 bytes each: 8 GiB of content in 4 MiB of memory.
    private static final int MAX_REMEMBERED = 65_536;
    /// A change in the same tick of the clock as the one before it leaves the time of change as it is: what was
    /// changed just now may change again without a trace.
    private static final long SETTLED_SECONDS = 2;

    private record Version(long size, long modified, int modifiedNanos, long changed, int changedNanos) {
        static Version of(FileStatus status) {
            return new Version(
                    status.size(),
                    status.modifySeconds(),
                    status.modifyNanos(),
                    status.changeSeconds(),
                    status.changeNanos());
        }
    }

    private record Known(Version version, Map<Integer, ContentHash> blocks) {}

    private final Clock clock;
    /// The longest unused first.
    private final LinkedHashMap<Identity, Known> files = new LinkedHashMap<>(16, 0.75f, true);

    private int remembered;

    BlockHashes(Clock clock) {
        this.clock = clock;
    }

    /// Of a regular file's blocks from `first` on, as far as it has them.
    ///
    /// @throws CallFailed with EAGAIN if the file changes meanwhile
    List<ContentHash> of(int descriptor, int first, int count) throws CallFailed {
        FileStatus status = Attributes.status(descriptor);
        Identity file = Identity.of(status);
        Version version = Version.of(status);
        boolean settled =
                status.changeSeconds() + SETTLED_SECONDS < clock.instant().getEpochSecond();
        List<ContentHash> hashes = new ArrayList<>(count);
        for (int block = first; block < first + count; block++) {
            long offset = (long) block * ContentHash.BLOCK_BYTES;
            if (offset >= status.size()) break;
            ContentHash hash = settled ? find(file, version, block) : null;
            if (hash == null) {
                hash = hash(descriptor, offset, (int) Math.min(ContentHash.BLOCK_BYTES, status.size() - offset));
                if (!Version.of(Attributes.status(descriptor)).equals(version)) throw new CallFailed(Errno.EAGAIN);
                if (settled) remember(file, version, block, hash);
            }
            hashes.add(hash);
        }
        return hashes;
    }

    private static ContentHash hash(int descriptor, long offset, int length) throws CallFailed {
        ByteBuf buffer = ByteBufAllocator.DEFAULT.directBuffer(length);
        try {
            ByteBuffer block = buffer.nioBuffer(0, length);
            while (block.hasRemaining()) {
                int got = Read.pread(descriptor, block, offset + block.position());
                if (got == -Errno.EINTR) continue;
                if (CallFailed.check(got) == 0) throw new CallFailed(Errno.EAGAIN);
                block.position(block.position() + got);
            }
            return ContentHash.of(block.flip());
        } finally {
            buffer.release();
        }
    }

    private synchronized ContentHash find(Identity file, Version version, int block) {
        Known known = files.get(file);
        return known == null || !known.version.equals(version) ? null : known.blocks.get(block);
    }

    private synchronized void remember(Identity file, Version version, int block, ContentHash hash) {
        Known known = files.get(file);
        if (known == null || !known.version.equals(version)) {
            forget(files.remove(file));
            known = new Known(version, new HashMap<>());
            files.put(file, known);
        }
        if (known.blocks.put(block, hash) == null) remembered++;
        while (remembered > MAX_REMEMBERED && files.size() > 1)
            forget(files.pollFirstEntry().getValue());
        if (remembered > MAX_REMEMBERED) forget(files.remove(file)); // one giant file
    }

    private void forget(Known known) {
        if (known != null) remembered -= known.blocks.size();
    }
}
