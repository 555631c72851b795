package drover.linux.socket;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A connected Unix stream socket over which the peer may pass descriptors. See unix(7), cmsg(3).
/// One thread receives; any number send, one at a time. Receiving blocks a platform thread.
public final class UnixSocket implements AutoCloseable {
    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int SO_PEERCRED = 17;
    private static final int SO_PEERGROUPS = 59;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int EINTR = 4;
    private static final int SUN_PATH_MAX_BYTES = 107;
    private static final int CHUNK_BYTES = 256 * 1024;
    private static final int CONTROL_BYTES = 64;

    private final int fd;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment in = arena.allocate(CHUNK_BYTES);
    private final MemorySegment out = arena.allocate(CHUNK_BYTES);
    private final MemorySegment iovec = arena.allocate(16, 8);
    private final MemorySegment control = arena.allocate(CONTROL_BYTES, 8);
    private final MemorySegment header = arena.allocate(56, 8);
    private final List<Integer> passed = new ArrayList<>();

    private UnixSocket(int fd) {
        this.fd = fd;
        iovec.set(ADDRESS, 0, in);
        iovec.set(JAVA_LONG, 8, in.byteSize());
    }

    /// Connects to a listening socket.
    ///
    /// @throws IOException naming the path and the errno
    public static UnixSocket connect(String path) throws IOException {
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > SUN_PATH_MAX_BYTES)
            throw new IOException("a socket's path has at most " + SUN_PATH_MAX_BYTES + " bytes: " + path);
        int fd = SocketCalls.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0) throw new IOException("socket: errno " + -fd);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(2 + bytes.length + 1L, 2);
            address.set(JAVA_SHORT, 0, (short) AF_UNIX);
            MemorySegment.copy(bytes, 0, address, JAVA_BYTE, 2, bytes.length);
            int result = SocketCalls.connect(fd, address);
            if (result < 0) {
                SocketCalls.close(fd);
                throw new IOException("connect " + path + ": errno " + -result);
            }
        }
        return new UnixSocket(fd);
    }

    /// Sends all bytes.
    public synchronized void send(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            int chunk = Math.min(bytes.remaining(), CHUNK_BYTES);
            out.asByteBuffer().put(0, bytes, bytes.position(), chunk);
            long sent = SocketCalls.send(fd, out, chunk, MSG_NOSIGNAL);
            if (sent == -EINTR) continue;
            if (sent < 0) throw new IOException("send: errno " + -sent);
            bytes.position(bytes.position() + (int) sent);
        }
    }

    /// Waits for bytes and returns a view of them, valid until the next call; `null` at the end of the stream.
    /// Descriptors that came with them are appended to what [#takePassedDescriptor] gives.
    public ByteBuffer receive() throws IOException {
        header.fill((byte) 0);
        header.set(ADDRESS, 16, iovec);
        header.set(JAVA_LONG, 24, 1);
        header.set(ADDRESS, 32, control);
        header.set(JAVA_LONG, 40, CONTROL_BYTES);
        long received;
        do {
            received = SocketCalls.recvmsg(fd, header, MSG_CMSG_CLOEXEC);
        } while (received == -EINTR);
        if (received < 0) throw new IOException("recvmsg: errno " + -received);
        keepDescriptors(header.get(JAVA_LONG, 40));
        return received == 0 ? null : in.asSlice(0, received).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    private void keepDescriptors(long controlLength) {
        if (controlLength < 20) return;
        long length = control.get(JAVA_LONG, 0);
        if (control.get(JAVA_INT, 8) != SOL_SOCKET || control.get(JAVA_INT, 12) != SCM_RIGHTS) return;
        for (long at = 16; at + 4 <= length; at += 4) passed.add(control.get(JAVA_INT, at));
    }

    /// The oldest descriptor received and not yet taken. The caller owns it.
    ///
    /// @throws IOException if none came
    public int takePassedDescriptor() throws IOException {
        if (passed.isEmpty()) throw new IOException("the peer announced a descriptor and passed none");
        return passed.removeFirst();
    }

    /// Wakes a blocked receive, which then sees the end of the stream. Safe from any thread.
    public void shutdown() {
        SocketCalls.shutdown(fd, 2);
    }

    /// Closes the socket. Call when no thread uses it any more.
    @Override
    public void close() {
        passed.forEach(SocketCalls::close);
        SocketCalls.close(fd);
        arena.close();
    }

    /// Who is at the other end of a connected Unix socket, as the kernel remembers from connect(2).
    public record Peer(int pid, int uid, int gid, List<Integer> groups) {}

    /// Asks the kernel for the peer of any connected Unix socket descriptor.
    public static Peer peerOf(int socketFd) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(4L * 65_536, 8);
            MemorySegment length = arena.allocate(JAVA_INT);
            length.set(JAVA_INT, 0, 12);
            int result = SocketCalls.getsockopt(socketFd, SOL_SOCKET, SO_PEERCRED, value, length);
            if (result < 0) throw new IOException("getsockopt SO_PEERCRED: errno " + -result);
            int pid = value.get(JAVA_INT, 0);
            int uid = value.get(JAVA_INT, 4);
            int gid = value.get(JAVA_INT, 8);
            length.set(JAVA_INT, 0, (int) value.byteSize());
            result = SocketCalls.getsockopt(socketFd, SOL_SOCKET, SO_PEERGROUPS, value, length);
            if (result < 0) throw new IOException("getsockopt SO_PEERGROUPS: errno " + -result);
            List<Integer> groups = new ArrayList<>();
            for (long at = 0; at < length.get(JAVA_INT, 0); at += 4) groups.add(value.get(JAVA_INT, at));
            return new Peer(pid, uid, gid, List.copyOf(groups));
        }
    }
}
