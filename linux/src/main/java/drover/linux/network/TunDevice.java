package drover.linux.network;

import drover.linux.syscall.Close;
import drover.linux.syscall.Errno;
import drover.linux.syscall.Ioctl;
import drover.linux.syscall.Open;
import drover.linux.syscall.Read;
import drover.linux.syscall.Socket;
import drover.linux.syscall.Write;
import drover.model.AddressRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/// A TUN device (Documentation/networking/tuntap.rst): what the kernel sends to it is read here, and what is
/// written here comes in from it. Before each packet there is a `struct virtio_net_hdr` of [#HEADER_BYTES],
/// which says what of a packet is not done yet, its checksum or its cutting into pieces, so that packets are
/// up to 64 KiB long.
///
/// Thread rule: any thread; [#close] waits for who writes, and nobody may be reading.
public final class TunDevice implements AutoCloseable {
    /// Of a `struct virtio_net_hdr`.
    public static final int HEADER_BYTES = 10;
    /// The longest packet with its header.
    public static final int PACKET_MAX_BYTES = HEADER_BYTES + 65_535;

    private static final byte[] DEVICE_FILE = "/dev/net/tun".getBytes(StandardCharsets.US_ASCII);
    private static final long TUNSETIFF = 0x400454ca;
    private static final long TUNSETPERSIST = 0x400454cb;
    private static final long TUNSETOFFLOAD = 0x400454d0;
    private static final short TUN_FLAGS = 0x0001 | 0x1000 | 0x4000; // IFF_TUN, IFF_NO_PI, IFF_VNET_HDR
    private static final int TUN_F_CSUM = 1;
    private static final int TUN_F_TSO4 = 2;

    private static final long SIOCSIFFLAGS = 0x8914;
    private static final long SIOCSIFADDR = 0x8916;
    private static final long SIOCSIFNETMASK = 0x891c;
    private static final long SIOCSIFMTU = 0x8922;
    private static final short INTERFACE_FLAGS = 0x1 | 0x10 | 0x40 | 0x80; // UP, POINTOPOINT, RUNNING, NOARP
    private static final int INTERFACE_REQUEST_BYTES = 40;
    private static final int INTERFACE_NAME_BYTES = 16;
    private static final short AF_INET = 2;

    private final int descriptor;
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed; // under the lock

    private TunDevice(int descriptor) {
        this.descriptor = descriptor;
    }

    /// A device that another process made and handed over. Takes ownership of the descriptor.
    public static TunDevice of(int descriptor) {
        return new TunDevice(descriptor);
    }

    /// Makes a device in this process's network namespace, or takes one of that name that was left there: it
    /// stays when this process ends, until it is removed. It has the range's gateway as its address and leads
    /// to all of it.
    ///
    /// @throws IOException with what failed, for the user
    public static TunDevice make(String name, AddressRange range, int mtuBytes) throws IOException {
        int descriptor = Open.openat(Open.AT_FDCWD, DEVICE_FILE, Open.O_RDWR | Open.O_NONBLOCK | Open.O_CLOEXEC, 0);
        must(descriptor, "open /dev/net/tun; as root: modprobe tun");
        try {
            must(
                    Ioctl.withStructure(descriptor, TUNSETIFF, request(name).putShort(16, TUN_FLAGS)),
                    "make the network device " + name + "; does another daemon of this machine use it?");
            must(Ioctl.withNumber(descriptor, TUNSETPERSIST, 1), "keep the network device");
            must(Ioctl.withNumber(descriptor, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4), "set up the network device");
            configure(name, range, mtuBytes);
        } catch (IOException e) {
            var _ = Ioctl.withNumber(descriptor, TUNSETPERSIST, 0);
            var _ = Close.close(descriptor);
            throw e;
        }
        return new TunDevice(descriptor);
    }

    private static void configure(String name, AddressRange range, int mtuBytes) throws IOException {
        int socket = Socket.datagram();
        must(socket, "make a socket");
        try {
            must(Ioctl.withStructure(socket, SIOCSIFADDR, address(name, range.gateway())), "set its address");
            must(Ioctl.withStructure(socket, SIOCSIFNETMASK, address(name, range.mask())), "set its range");
            must(Ioctl.withStructure(socket, SIOCSIFMTU, request(name).putInt(16, mtuBytes)), "set its packet size");
            must(
                    Ioctl.withStructure(socket, SIOCSIFFLAGS, request(name).putShort(16, INTERFACE_FLAGS)),
                    "raise the network device");
        } finally {
            var _ = Close.close(socket);
        }
    }

    /// A `struct ifreq` with a name, the rest zero.
    private static ByteBuffer request(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        if (bytes.length >= INTERFACE_NAME_BYTES)
            throw new IllegalArgumentException("the name of a network device has at most 15 letters, got " + name);
        return ByteBuffer.allocate(INTERFACE_REQUEST_BYTES)
                .order(ByteOrder.nativeOrder())
                .put(0, bytes);
    }

    private static ByteBuffer address(String name, int address) {
        ByteBuffer request = request(name).putShort(16, AF_INET);
        return request.order(ByteOrder.BIG_ENDIAN).putInt(20, address);
    }

    private static void must(int result, String what) throws IOException {
        if (result < 0) throw new IOException("cannot " + what + " (errno " + -result + ")");
    }

    public int descriptor() {
        return descriptor;
    }

    /// Reads one packet into the direct buffer from its position on. Returns its length, 0 if there is none
    /// now, or the negated errno.
    public int read(ByteBuffer direct) {
        int result = Read.read(descriptor, direct);
        return result == -Errno.EAGAIN || result == -Errno.EINTR ? 0 : result;
    }

    /// Writes one packet. Returns false if the kernel did not take it: it is lost, as packets are.
    public boolean write(ByteBuffer direct) {
        lock.readLock().lock();
        try {
            return !closed && Write.write(descriptor, direct) > 0;
        } finally {
            lock.readLock().unlock();
        }
    }

    /// Lets the device go; one that was made here stays in the kernel.
    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (closed) return;
            closed = true;
        } finally {
            lock.writeLock().unlock();
        }
        var _ = Close.close(descriptor);
    }

    /// Lets the device go, and with it the device itself.
    public void remove() {
        var _ = Ioctl.withNumber(descriptor, TUNSETPERSIST, 0);
        close();
    }
}
