package drover.linux.fuse;

import java.nio.ByteBuffer;

/// The handshake of a mount (FUSE_INIT).
///
/// @param minor of protocol 7, as the kernel speaks it
/// @param flags FUSE_* bits, the second word in the upper half
public record FuseInit(int major, int minor, int maxReadahead, long flags) {
    public static final int OLDEST_MINOR = 31;
    public static final int NEWEST_MINOR = 45;

    public static final long ASYNC_READ = 1;
    public static final long POSIX_LOCKS = 1 << 1;
    public static final long ATOMIC_O_TRUNC = 1 << 3;
    public static final long BIG_WRITES = 1 << 5;
    public static final long DONT_MASK = 1 << 6;
    public static final long FLOCK_LOCKS = 1 << 10;
    public static final long AUTO_INVAL_DATA = 1 << 12;
    public static final long DO_READDIRPLUS = 1 << 13;
    public static final long READDIRPLUS_AUTO = 1 << 14;
    public static final long ASYNC_DIO = 1 << 15;
    public static final long PARALLEL_DIROPS = 1 << 18;
    public static final long POSIX_ACL = 1 << 20;
    public static final long ABORT_ERROR = 1 << 21;
    public static final long MAX_PAGES = 1 << 22;
    public static final long CACHE_SYMLINKS = 1 << 23;
    public static final long HANDLE_KILLPRIV_V2 = 1 << 28;
    public static final long INIT_EXT = 1 << 30;
    public static final long HAS_EXPIRE_ONLY = 1L << 35;
    public static final long DIRECT_IO_ALLOW_MMAP = 1L << 36;
    public static final long HAS_RESEND = 1L << 39;

    /// struct fuse_init_out.
    private static final int REPLY_BYTES = 64;

    static FuseInit decode(ByteBuffer body) {
        int major = body.getInt();
        int minor = body.getInt();
        int readahead = body.getInt();
        long flags = body.getInt() & 0xffff_ffffL;
        if ((flags & INIT_EXT) != 0 && body.remaining() >= 4) flags |= (long) body.getInt() << 32;
        return new FuseInit(major, minor, readahead, flags);
    }

    public boolean isSpoken() {
        return major == 7 && minor >= OLDEST_MINOR;
    }

    /// Answers the handshake.
    ///
    /// @param wanted of the flags that the kernel offered
    public void reply(ByteBuffer out, long wanted, int maxReadaheadBytes, int maxBackground, int maxDataBytes) {
        long agreed = flags & (wanted | INIT_EXT);
        int start = out.position();
        out.putInt(7)
                .putInt(Math.min(minor, NEWEST_MINOR))
                .putInt(maxReadaheadBytes)
                .putInt((int) agreed);
        out.putShort((short) maxBackground).putShort((short) (maxBackground * 3 / 4));
        out.putInt(maxDataBytes).putInt(1); // time granularity: 1 ns
        out.putShort((short) (maxDataBytes / 4096)).putShort((short) 0).putInt((int) (agreed >>> 32));
        while (out.position() < start + REPLY_BYTES) out.put((byte) 0);
    }
}
