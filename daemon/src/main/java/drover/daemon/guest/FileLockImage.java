package drover.daemon.guest;

import drover.homefs.mount.GuestLock;
import drover.protocol.file.LockRange;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/// What CRIU reads of a guest's file locks, so that the restored processes take them again: locks on home's files are
/// home's, and no kernel tells CRIU of them. Those on the guest's own files CRIU writes there itself.
///
/// Source: CRIU 4.1, images/file-lock.proto, criu/include/magic.h and file-lock.h (numbers and order of fields).
final class FileLockImage {
    private static final String NAME = "filelocks.img";
    private static final int COMMON_MAGIC = 0x54564319;
    private static final int MAGIC = 0x54323616;

    private static final Path PROC = Path.of("/proc");
    private static final String PIDS = "NSpid:";

    private FileLockImage() {}

    /// Adds locks to an image, while their processes are still held.
    static void add(ImageDirectory image, List<GuestLock> locks) throws IOException {
        if (locks.isEmpty()) return;
        Path file = image.path().resolve(NAME);
        ByteBuf out = Unpooled.buffer();
        if (!Files.exists(file)) out.writeIntLE(COMMON_MAGIC).writeIntLE(MAGIC);
        for (GuestLock lock : locks) {
            ByteBuf entry = entry(lock, pidInGuest(lock.pid()));
            out.writeIntLE(entry.readableBytes()).writeBytes(entry);
        }
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        Files.write(file, bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /// A message file_lock_entry: six numbers.
    private static ByteBuf entry(GuestLock lock, int pid) {
        boolean whole = lock.kind() == GuestLock.Kind.FLOCK;
        LockRange range = lock.range();
        long length = whole || range.end() == Long.MAX_VALUE ? 0 : range.end() - range.start() + 1;
        ByteBuf entry = Unpooled.buffer();
        long[] fields = {flag(lock.kind()), range.type(), pid, lock.descriptor(), whole ? 0 : range.start(), length};
        for (int i = 0; i < fields.length; i++) {
            entry.writeByte((i + 1) << 3); // a variable-length number
            putNumber(entry, fields[i]);
        }
        return entry;
    }

    private static int flag(GuestLock.Kind kind) {
        return switch (kind) {
            case PROCESS -> 1;
            case FLOCK -> 2;
            case OPEN_FILE -> 4;
        };
    }

    private static void putNumber(ByteBuf out, long number) {
        while ((number & ~0x7f) != 0) {
            out.writeByte(((int) number & 0x7f) | 0x80);
            number >>>= 7;
        }
        out.writeByte((int) number);
    }

    private static int pidInGuest(int pid) throws IOException {
        for (String line :
                Files.readAllLines(PROC.resolve(Integer.toString(pid)).resolve("status")))
            if (line.startsWith(PIDS)) return Integer.parseInt(line.substring(line.lastIndexOf('\t') + 1));
        throw new IOException("the kernel does not tell the numbers of process " + pid);
    }
}
