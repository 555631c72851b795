package drover.homefs.mount;

import drover.protocol.file.Bytes;
import drover.protocol.file.FileAttributes;
import drover.protocol.file.FileResult;
import drover.protocol.file.FileTime;
import drover.protocol.file.LockRange;
import java.nio.ByteBuffer;

/// The bodies of replies, as linux/fuse.h lays them out. Pure.
final class KernelReply {
    static final int ENTRY_BYTES = 128;
    static final int FOPEN_DIRECT_IO = 1;
    static final int FOPEN_KEEP_CACHE = 2;
    static final int FOPEN_CACHE_DIR = 8;
    static final int FOPEN_NOFLUSH = 32;
    private static final int STATX_BASIC_AND_BIRTH = 0xfff;

    private KernelReply() {}

    static void attributes(ByteBuffer out, FileAttributes a) {
        out.putLong(a.number()).putLong(a.size()).putLong(a.blocks());
        out.putLong(a.accessed().seconds())
                .putLong(a.modified().seconds())
                .putLong(a.changed().seconds());
        out.putInt(a.accessed().nanos())
                .putInt(a.modified().nanos())
                .putInt(a.changed().nanos());
        out.putInt(a.mode()).putInt(a.links()).putInt(a.uid()).putInt(a.gid()).putInt(a.rdev());
        out.putInt(a.blockBytes()).putInt(0);
    }

    private static void valid(ByteBuffer out, long entryNanos, long attributeNanos) {
        out.putLong(entryNanos / 1_000_000_000L).putLong(attributeNanos / 1_000_000_000L);
        out.putInt((int) (entryNanos % 1_000_000_000L)).putInt((int) (attributeNanos % 1_000_000_000L));
    }

    static void entry(ByteBuffer out, FileResult.Entry entry, long entryNanos, long attributeNanos) {
        out.putLong(entry.node()).putLong(0);
        valid(out, entryNanos, attributeNanos);
        attributes(out, entry.attributes());
    }

    /// A name that does not exist, to be remembered for a while.
    static void noEntry(ByteBuffer out, long nanos) {
        out.putLong(0).putLong(0);
        valid(out, nanos, 0);
        int end = out.position() + ENTRY_BYTES - 40;
        while (out.position() < end) out.putLong(0);
    }

    static void attributesFor(ByteBuffer out, FileAttributes a, long nanos) {
        out.putLong(nanos / 1_000_000_000L)
                .putInt((int) (nanos % 1_000_000_000L))
                .putInt(0);
        attributes(out, a);
    }

    static void statx(ByteBuffer out, FileAttributes a, long nanos) {
        out.putLong(nanos / 1_000_000_000L)
                .putInt((int) (nanos % 1_000_000_000L))
                .putInt(0);
        out.putLong(0).putLong(0);
        int start = out.position();
        out.putInt(STATX_BASIC_AND_BIRTH).putInt(a.blockBytes()).putLong(0);
        out.putInt(a.links())
                .putInt(a.uid())
                .putInt(a.gid())
                .putShort((short) a.mode())
                .putShort((short) 0);
        out.putLong(a.number()).putLong(a.size()).putLong(a.blocks()).putLong(0);
        time(out, a.accessed());
        time(out, a.born());
        time(out, a.changed());
        time(out, a.modified());
        out.putInt((a.rdev() >>> 8) & 0xfff).putInt((a.rdev() & 0xff) | ((a.rdev() >>> 12) & 0xfff00));
        while (out.position() < start + 256) out.putInt(0);
    }

    private static void time(ByteBuffer out, FileTime time) {
        out.putLong(time.seconds()).putInt(time.nanos()).putInt(0);
    }

    static void opened(ByteBuffer out, long handle, int flags) {
        out.putLong(handle).putInt(flags).putInt(0);
    }

    /// @param kept whether what the kernel has of the content is right
    /// @param quiet whether it need not tell of the close
    static void openedHere(ByteBuffer out, long handle, boolean kept, boolean quiet) {
        opened(out, handle, (kept ? FOPEN_KEEP_CACHE : 0) | (quiet ? FOPEN_NOFLUSH : 0));
    }

    static void fileSystem(ByteBuffer out, FileResult.FileSystem f) {
        out.putLong(f.blocks()).putLong(f.freeBlocks()).putLong(f.availableBlocks());
        out.putLong(f.files()).putLong(f.freeFiles());
        out.putInt((int) f.blockBytes()).putInt(f.nameBytes()).putInt((int) f.fragmentBytes());
        for (int i = 0; i < 7; i++) out.putInt(0);
    }

    static void lock(ByteBuffer out, LockRange range) {
        out.putLong(range.start()).putLong(range.end()).putInt(range.type()).putInt(range.pid());
    }

    static int directoryEntryBytes(Bytes name) {
        return 24 + ((name.length() + 7) & ~7);
    }

    static void directoryEntry(ByteBuffer out, FileResult.Listed listed) {
        int end = out.position() + directoryEntryBytes(listed.name());
        out.putLong(listed.number()).putLong(listed.offset());
        out.putInt(listed.name().length()).putInt(listed.type());
        out.put(listed.name().array());
        while (out.position() < end) out.put((byte) 0);
    }

    /// In front of an entry that was not looked up.
    static void noLookup(ByteBuffer out) {
        for (int i = 0; i < ENTRY_BYTES / 8; i++) out.putLong(0);
    }
}
