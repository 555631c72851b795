package drover.daemon.membership.wire;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.Objects;
import java.util.Optional;
import org.jgroups.Address;
import org.jgroups.util.ByteArrayDataInputStream;
import org.jgroups.util.ByteArrayDataOutputStream;
import org.jgroups.util.Util;

/// What comes first on a link, from the node that dialled: which version it speaks and who it is.
record Greeting(MemberAddress sender, Address address) {
    static final int MAGIC = 0x44524d47; // DRMG
    /// 2: each frame says what it is.
    static final short VERSION = 2;

    private static final int HEAD_BYTES = 8;
    private static final int BODY_LIMIT = 512; // a name, two addresses and room for later versions

    Greeting {
        Objects.requireNonNull(sender);
        Objects.requireNonNull(address);
    }

    static void write(ByteBuf out, Address self) throws IOException {
        ByteArrayDataOutputStream body = new ByteArrayDataOutputStream(128);
        Util.writeAddress(self, body);
        out.writeInt(MAGIC);
        out.writeShort(VERSION);
        out.writeShort(body.position());
        out.writeBytes(body.buffer(), 0, body.position());
    }

    /// Takes the greeting if all of it is there.
    ///
    /// @throws IOException if this is none, as soon as that can be seen
    static Optional<Greeting> read(ByteBuf in) throws IOException {
        int begin = in.readerIndex();
        if (in.readableBytes() < HEAD_BYTES) return Optional.empty();
        int magic = in.getInt(begin);
        if (magic != MAGIC) throw new IOException("not a drover node: its first word is " + Integer.toHexString(magic));
        short version = in.getShort(begin + 4);
        if (version != VERSION)
            throw new IOException("it speaks version " + version + " of the group's links, this node speaks " + VERSION
                    + ": bring both to neighbouring versions");
        int length = in.getUnsignedShort(begin + 6);
        if (length > BODY_LIMIT) throw new IOException("its greeting is too long: " + length + " bytes");
        if (in.readableBytes() < HEAD_BYTES + length) return Optional.empty();
        byte[] body = new byte[length];
        in.skipBytes(HEAD_BYTES).readBytes(body);
        try {
            Address address = Util.readAddress(new ByteArrayDataInputStream(body));
            MemberAddress sender =
                    MemberAddress.of(address).orElseThrow(() -> new IOException("its greeting names no node"));
            return Optional.of(new Greeting(sender, address));
        } catch (ClassNotFoundException | RuntimeException e) {
            throw new IOException("its greeting cannot be read: " + e, e);
        }
    }
}
