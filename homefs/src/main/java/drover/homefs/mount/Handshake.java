package drover.homefs.mount;

import drover.linux.fuse.FuseDevice;
import drover.linux.fuse.FuseInit;
import drover.linux.fuse.FuseRequest;
import drover.linux.syscall.Errno;
import drover.model.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The first request of a mount: which features of FUSE the kernel and we use with each other.
final class Handshake {
    /// Of one read or write.
    static final int MAX_DATA_BYTES = 1 << 20;

    private static final Logger log = LoggerFactory.getLogger(Handshake.class);
    /// Requests that nobody waits for, unanswered.
    static final int MAX_BACKGROUND = 64;
    private static final long FEATURES = FuseInit.ASYNC_READ
            | FuseInit.POSIX_LOCKS
            | FuseInit.ATOMIC_O_TRUNC
            | FuseInit.BIG_WRITES
            | FuseInit.DONT_MASK
            | FuseInit.FLOCK_LOCKS
            | FuseInit.AUTO_INVAL_DATA
            | FuseInit.DO_READDIRPLUS
            | FuseInit.READDIRPLUS_AUTO
            | FuseInit.ASYNC_DIO
            | FuseInit.PARALLEL_DIROPS
            | FuseInit.POSIX_ACL
            | FuseInit.ABORT_ERROR
            | FuseInit.MAX_PAGES
            | FuseInit.CACHE_SYMLINKS
            | FuseInit.HANDLE_KILLPRIV_V2
            | FuseInit.HAS_EXPIRE_ONLY
            | FuseInit.DIRECT_IO_ALLOW_MMAP
            | FuseInit.HAS_RESEND;

    private final NodeId home;
    private final FuseDevice device;
    private final HomeMountConfig config;
    private final Grants grants;

    Handshake(NodeId home, FuseDevice device, HomeMountConfig config, Grants grants) {
        this.home = home;
        this.device = device;
        this.config = config;
        this.grants = grants;
    }

    void answer(FuseRequest request) {
        FuseInit init = request.init();
        if (!init.isSpoken()) {
            log.error(
                    "the kernel speaks FUSE {}.{}: 7.{} or later is needed",
                    init.major(),
                    init.minor(),
                    FuseInit.OLDEST_MINOR);
            device.replyError(request.unique(), Errno.EPROTO);
            return;
        }
        grants.mayBelieve((init.flags() & FuseInit.HAS_EXPIRE_ONLY) != 0);
        ByteBuffer out = FuseDevice.smallReply();
        init.reply(out, FEATURES, config.readAheadKib() << 10, MAX_BACKGROUND, MAX_DATA_BYTES);
        device.reply(request.unique(), out);
        log.info(
                "the files of {} are mounted: FUSE 7.{}, flags {}", home, init.minor(), Long.toHexString(init.flags()));
        raiseReadAhead();
    }

    /// The kernel caps what INIT asks for at 128 KiB; its own switch goes further.
    private void raiseReadAhead() {
        if (config.connectionId() == 0) return;
        Path file = Path.of("/sys/class/bdi/0:" + config.connectionId() + "/read_ahead_kb");
        try {
            Files.writeString(file, Integer.toString(config.readAheadKib()));
        } catch (IOException e) {
            log.debug("cannot raise the read-ahead by {}: {}", file, e.toString());
        }
    }
}
