package drover.homefs.mount;

import drover.linux.syscall.Close;
import drover.linux.syscall.Errno;
import drover.linux.syscall.FileStatus;
import drover.linux.syscall.Open;
import drover.linux.syscall.Read;
import drover.linux.syscall.Stat;
import drover.protocol.file.Bytes;
import drover.protocol.file.ContentHash;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// This node's own files below /usr that belong to root and that everybody may read: nodes with the same
/// distribution have the same there. Their content is only ever copied, and the copy is hashed. Any thread.
final class OwnFiles {
    private static final String USR = "/usr/";
    private static final int OTHERS_MAY_READ = 04;
    private static final int FLAGS = Open.O_RDONLY | Open.O_NONBLOCK | Open.O_NOCTTY | Open.O_CLOEXEC;

    private OwnFiles() {}

    /// Whether this node has a file of that size there.
    static boolean has(Bytes path, long size) {
        int descriptor = open(path, size);
        if (descriptor >= 0) Close.close(descriptor);
        return descriptor >= 0;
    }

    /// A descriptor, which the caller closes; negative if there is no such file.
    static int open(Bytes path, long size) {
        if (!path.startsWith(USR)) return -Errno.ENOENT;
        int usr = Open.openat(
                Open.AT_FDCWD,
                USR.getBytes(StandardCharsets.US_ASCII),
                Open.O_PATH | Open.O_DIRECTORY | Open.O_CLOEXEC,
                0);
        if (usr < 0) return usr;
        byte[] below = Arrays.copyOfRange(path.array(), USR.length(), path.length());
        int descriptor = Open.beneath(usr, below, FLAGS);
        Close.close(usr);
        if (descriptor < 0) return descriptor;
        if (Stat.ofDescriptor(descriptor) instanceof Stat.Result.Found(FileStatus status)
                && status.isRegular()
                && status.uid() == 0
                && (status.mode() & OTHERS_MAY_READ) != 0
                && status.size() == size) return descriptor;
        Close.close(descriptor);
        return -Errno.EACCES;
    }

    /// Fills the buffer with the block and moves its position to its end.
    ///
    /// @return whether it is the block of that hash
    static boolean read(int descriptor, int block, ContentHash hash, ByteBuffer into) {
        int begin = into.position();
        long offset = (long) block * ContentHash.BLOCK_BYTES;
        while (into.hasRemaining()) {
            int got = Read.pread(descriptor, into, offset + into.position() - begin);
            if (got == -Errno.EINTR) continue;
            if (got <= 0) return false;
            into.position(into.position() + got);
        }
        return ContentHash.of(into.slice(begin, into.position() - begin)).equals(hash);
    }
}
