package drover.daemon.membership.wire;

import drover.model.NodeId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Optional;
import org.jgroups.Address;
import org.jgroups.stack.IpAddress;
import org.jgroups.util.ExtendedUUID;
import org.jgroups.util.NameCache;

/// What a member's group address says about it, so that a view alone tells names and addresses of all members.
///
/// The address begins with the start time: addresses sort by age, so among nodes that start together the one
/// that is up longest founds the cluster, and of two incarnations of a node the newer one is the greater one.
///
/// @param node its name
/// @param control where its group transport listens
/// @param data where its data plane listens
public record MemberAddress(NodeId node, InetSocketAddress control, InetSocketAddress data) {
    private static final byte[] KEY = {'d'};
    private static final SecureRandom RANDOM = new SecureRandom();

    static {
        ExtendedUUID.setPrintFunction(
                address -> of(address).map(member -> member.node().name()).orElse("unknown"));
    }

    public MemberAddress {
        if (control.getAddress() == null || data.getAddress() == null)
            throw new IllegalArgumentException("addresses must be resolved, got " + control + " and " + data);
        if (!control.getAddress().equals(data.getAddress()))
            throw new IllegalArgumentException(
                    "control and data plane must share one host address, got " + control + " and " + data);
    }

    /// A fresh group address of this node, started at `started`.
    public ExtendedUUID toGroupAddress(Instant started) {
        byte[] name = node.name().getBytes(StandardCharsets.US_ASCII);
        byte[] host = control.getAddress().getAddress();
        ByteBuffer value = ByteBuffer.allocate(1 + host.length + 4 + name.length);
        value.put((byte) host.length)
                .put(host)
                .putShort((short) control.getPort())
                .putShort((short) data.getPort())
                .put(name);
        ExtendedUUID address = new ExtendedUUID(started.toEpochMilli(), RANDOM.nextLong());
        address.put(KEY, value.array());
        NameCache.add(address, node.name());
        return address;
    }

    /// What the group address says, or empty if it is none of Drover's.
    public static Optional<MemberAddress> of(Address address) {
        if (!(address instanceof ExtendedUUID extended)) return Optional.empty();
        byte[] value = extended.get(KEY);
        if (value == null || value.length < 10) return Optional.empty();
        try {
            ByteBuffer in = ByteBuffer.wrap(value);
            byte[] host = new byte[in.get()];
            in.get(host);
            InetAddress inet = InetAddress.getByAddress(host);
            int controlPort = Short.toUnsignedInt(in.getShort());
            int dataPort = Short.toUnsignedInt(in.getShort());
            byte[] name = new byte[in.remaining()];
            in.get(name);
            return Optional.of(new MemberAddress(
                    new NodeId(new String(name, StandardCharsets.US_ASCII)),
                    new InetSocketAddress(inet, controlPort),
                    new InetSocketAddress(inet, dataPort)));
        } catch (UnknownHostException
                | IllegalArgumentException
                | java.nio.BufferUnderflowException
                | NegativeArraySizeException e) {
            return Optional.empty(); // a foreign or damaged address: nobody we know
        }
    }

    /// When the member with this group address started.
    public static Instant startOf(ExtendedUUID address) {
        return Instant.ofEpochMilli(address.getMostSignificantBits());
    }

    static IpAddress physical(InetSocketAddress address) {
        return new IpAddress(address.getAddress(), address.getPort());
    }
}
