package drover.linux.syscall;

/// socket(2).
public final class Socket {
    private static final int AF_INET = 2;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 0x80000;

    private Socket() {}

    /// One for IPv4 datagrams. Returns the descriptor or the negated errno.
    public static int datagram() {
        return (int) RawSyscall.call(41, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    }
}
